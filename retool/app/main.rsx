<App>
  <Include src="./functions.rsx" />
  <Frame
    id="$main"
    isHiddenOnDesktop={false}
    isHiddenOnMobile={false}
    padding="8px 12px"
    sticky={false}
    type="main"
  >
    <Text id="pageTitle" value="### AI actions" verticalAlign="center" />
    <Text
      id="setupHint"
      value="Open each query below and choose your resource **Formcall** once; then delete this text."
      verticalAlign="center"
    />
    <Container
      id="actionTabs"
      currentViewKey="{{ self.viewKeys[0] }}"
      footerPadding="4px 12px"
      headerPadding="4px 12px"
      padding="12px"
      showBody={true}
      showHeader={true}
    >
      <Header>
        <Tabs
          id="actionTabsBar"
          itemMode="static"
          navigateContainer={true}
          targetContainerId="actionTabs"
          value="{{ self.values[0] }}"
        >
          <Option id="66866" label="Action items" value="action_items" />
          <Option id="7972f" label="Analyze a document" value="analyze_document" />
          <Option id="62943" label="Analyze an image" value="analyze_image" />
          <Option id="c7757" label="Answer from documents" value="answer" />
          <Option id="d0feb" label="Answer with tools" value="answer_with_tools" />
          <Option id="d8fd0" label="Check a text" value="check" />
          <Option id="92e2f" label="Classify text" value="classify" />
          <Option id="18775" label="Compare texts" value="compare" />
          <Option id="f1479" label="Detect the language" value="detect_language" />
          <Option id="ece5b" label="Draft a reply" value="draft_reply" />
          <Option id="29dee" label="Extract fields" value="extract" />
          <Option id="cdfe7" label="Extract from a document" value="extract_document" />
          <Option id="36d44" label="Extract a table" value="extract_table" />
          <Option id="0a6b8" label="Find keywords" value="keywords" />
          <Option id="45e1f" label="Match records" value="match_records" />
          <Option id="d7233" label="Moderate content" value="moderate" />
          <Option id="c8cda" label="Normalize values" value="normalize" />
          <Option id="738ca" label="Redact text" value="redact" />
          <Option id="6b88a" label="Write a report" value="report" />
          <Option id="7781f" label="Restore text" value="restore" />
          <Option id="4dd8b" label="Rewrite text" value="rewrite" />
          <Option id="61cb2" label="Tell the sentiment" value="sentiment" />
          <Option id="8b1d8" label="Summarize text" value="summarize" />
          <Option id="b72e7" label="Translate text" value="translate" />
          <Option id="eb7bb" label="Triage a message" value="triage" />
        </Tabs>
      </Header>
      <View id="e8e79" label="Action items" viewKey="action_items">
        <Text
          id="action_items_About"
          value="Turns notes, minutes or a photo of a whiteboard into tasks with owners and due dates, decisions and open questions."
          verticalAlign="center"
        />
        <FileButton
          id="action_items__file"
          text="File"
          tooltipText="Up to 5 photos or documents (PDF, Word, e-mail, text and others): https addresses, one a line, data URLs, or the files themselves."
          _isUpgraded={true}
          maxCount={5}
          maxSize="20mb"
          styleVariant="outline"
        />
        <TextArea
          id="action_items__text"
          label="Notes"
          labelPosition="top"
          tooltipText="Notes, typed here instead of sending a file."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="action_items__people"
          label="People"
          labelPosition="top"
          tooltipText="Who can own a task, one a line. Owners that are not among them are marked."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="action_items__today"
          label="Today"
          labelPosition="top"
          tooltipText="The day from which next Friday is counted, such as 2026-03-02."
          value=""
          showClear={true}
        />
        <Switch id="action_items_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="action_items__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !action_items_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="action_items__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !action_items_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="action_items__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !action_items_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="action_items__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !action_items_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="action_items__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !action_items_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="action_items__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !action_items_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="19655" label="Off" value="off" />
          <Option id="7deec" label="1 hour" value="1h" />
          <Option id="09185" label="1 day" value="1d" />
          <Option id="c991f" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="action_items__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !action_items_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="action_items__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !action_items_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="ea3c0" label="Never" value="never" />
          <Option id="79256" label="When a check failed" value="checks" />
          <Option id="572ee" label="When unsure" value="unsure" />
          <Option id="607b8" label="Always" value="always" />
        </Select>
        <Select
          id="action_items__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !action_items_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="59151" label="Low" value="low" />
          <Option id="2b3b5" label="Medium" value="medium" />
          <Option id="66ae5" label="High" value="high" />
        </Select>
        <TextInput
          id="action_items__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !action_items_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="action_items__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !action_items_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="action_items__timezone"
          label="Time zone"
          labelPosition="top"
          tooltipText="The time zone of dates and times in the text that state none, such as Europe/Berlin. They are returned with its offset."
          hidden="{{ !action_items_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextInput
          id="action_items__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !action_items_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="action_items__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !action_items_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="1ef3a" label="Standard" value="standard" />
          <Option id="e32bb" label="Strong" value="strong" />
          <Option id="a0de8" label="Automatic" value="auto" />
        </Select>
        <Select
          id="action_items__clean"
          label="Clean text"
          labelPosition="top"
          tooltipText="How a text is read that was sent as HTML, as the source of an e-mail or as JSON: automatically as clean text, or as it was sent."
          hidden="{{ !action_items_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="ef91a" label="Automatic" value="auto" />
          <Option id="0a52e" label="Off" value="off" />
        </Select>
        <Switch
          id="action_items__read_text"
          label="Return the text"
          labelPosition="top"
          tooltipText="Return the text that was read, to which the offsets of quotes refer."
          hidden="{{ !action_items_Advanced.value }}"
          value="false"
        />
        <Select
          id="action_items__pictures"
          label="Pictures"
          labelPosition="top"
          tooltipText="What a model that sees images is shown of a document beside its text: what the text does not tell, such as scans, logos and charts; each page; or nothing."
          hidden="{{ !action_items_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="9bd1e" label="Automatic" value="auto" />
          <Option id="ae396" label="All pages" value="all" />
          <Option id="a09af" label="None" value="none" />
        </Select>
        <Select
          id="action_items__ocr"
          label="OCR"
          labelPosition="top"
          tooltipText="Whether this server reads the words of scans and images itself: automatically where no model sees them, always, so that quotes from them can be verified, or never."
          hidden="{{ !action_items_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="a3ee0" label="Automatic" value="auto" />
          <Option id="78b0c" label="Always" value="always" />
          <Option id="37cbf" label="Off" value="off" />
        </Select>
        <Button
          id="action_items_Run"
          loading="{{ action_items_Query.isFetching || action_items_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="57c58ffa"
            event="click"
            method="trigger"
            pluginId="action_items_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="action_items_Problem"
          description="{{ action_items_Query.error || action_items_Follow.error || action_items_Answer.value?.detail }}"
          hidden={"{{ !(action_items_Query.error || action_items_Follow.error || (action_items_Answer.value?.ok === false && !['queued', 'running'].includes(action_items_Answer.value?.status) && !(action_items_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="action_items_GoesOn"
          description="{{ 'Its id is ' + action_items_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(action_items_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="action_items_Waits"
          description="{{ action_items_Answer.value?.detail + ' Decide on ' + action_items_Answer.value?.review_url }}"
          hidden="{{ !(action_items_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="action_items_Result"
          disableMarkdown={true}
          value={"{{ action_items_Answer.value?.ok && !['queued', 'running'].includes(action_items_Answer.value?.status) && !action_items_Query.error ? action_items_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="action_items_Values"
          hidden={"{{ !(action_items_Answer.value?.ok && !['queued', 'running'].includes(action_items_Answer.value?.status) && !action_items_Query.error) }}"}
          value="{{ _.pick(action_items_Answer.value, ['items', 'decisions', 'open_questions', 'outline', 'transcript', 'unknown_owners', 'evidence']) }}"
        />
        <Text
          id="action_items_Bill"
          hidden={"{{ !(action_items_Answer.value?.ok && !['queued', 'running'].includes(action_items_Answer.value?.status) && !action_items_Query.error) }}"}
          value="{{ (action_items_Answer.value?.engine === 'local' ? 'embedded engine' : action_items_Answer.value?.model) + ' · ' + (action_items_Answer.value?.cost_usd === null ? 'price not known' : '$' + action_items_Answer.value?.cost_usd) + ' · ' + action_items_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="6a23d" label="Analyze a document" viewKey="analyze_document">
        <Text
          id="analyze_document_About"
          value="Finds what matters in a long document, such as trends or risks, each with its page and the words that prove it."
          verticalAlign="center"
        />
        <TextArea
          id="analyze_document__task"
          label="Task"
          labelPosition="top"
          tooltipText="What to look for, such as trends in demand or risks for a supplier."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <FileButton
          id="analyze_document__file"
          text="File"
          tooltipText="A document (PDF, Word, Excel, PowerPoint, OpenDocument, RTF, EPUB, e-mail, text, HTML) or an image: its https address, a data URL, base64, or the file itself."
          _isUpgraded={true}
          maxCount={1}
          maxSize="20mb"
          styleVariant="outline"
        />
        <TextArea
          id="analyze_document__text"
          label="Text"
          labelPosition="top"
          tooltipText="Text to analyze, typed here instead of sending a file."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="analyze_document__kind"
          label="Kind"
          labelPosition="top"
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="findings"
        >
          <Option id="376b0" label="Findings" value="findings" />
          <Option id="f1477" label="Trends" value="trends" />
          <Option id="3864e" label="Risks" value="risks" />
          <Option id="8b0cf" label="Claims" value="claims" />
        </Select>
        <NumberInput
          id="analyze_document__count"
          label="Count"
          labelPosition="top"
          tooltipText="How many to give at most, the most important first."
          allowNull={true}
          showClear={true}
          min="1"
          max="50"
          value="10"
        />
        <TextInput
          id="analyze_document__pages"
          label="Pages"
          labelPosition="top"
          tooltipText="Which pages to read, such as 1-3, 7. Empty: all."
          value=""
          showClear={true}
        />
        <Switch id="analyze_document_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="analyze_document__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !analyze_document_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="analyze_document__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !analyze_document_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="analyze_document__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !analyze_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="analyze_document__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !analyze_document_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="analyze_document__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !analyze_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="analyze_document__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !analyze_document_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="006de" label="Off" value="off" />
          <Option id="93bef" label="1 hour" value="1h" />
          <Option id="ad079" label="1 day" value="1d" />
          <Option id="00483" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="analyze_document__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !analyze_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="analyze_document__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !analyze_document_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="acd33" label="Never" value="never" />
          <Option id="5e9c9" label="When a check failed" value="checks" />
          <Option id="444fb" label="When unsure" value="unsure" />
          <Option id="26edc" label="Always" value="always" />
        </Select>
        <Select
          id="analyze_document__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !analyze_document_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="7e3ae" label="Low" value="low" />
          <Option id="42ba8" label="Medium" value="medium" />
          <Option id="45341" label="High" value="high" />
        </Select>
        <TextInput
          id="analyze_document__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !analyze_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="analyze_document__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !analyze_document_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="analyze_document__timezone"
          label="Time zone"
          labelPosition="top"
          tooltipText="The time zone of dates and times in the text that state none, such as Europe/Berlin. They are returned with its offset."
          hidden="{{ !analyze_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextInput
          id="analyze_document__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !analyze_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="analyze_document__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !analyze_document_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="c64e8" label="Standard" value="standard" />
          <Option id="a49b0" label="Strong" value="strong" />
          <Option id="d84e7" label="Automatic" value="auto" />
        </Select>
        <Select
          id="analyze_document__clean"
          label="Clean text"
          labelPosition="top"
          tooltipText="How a text is read that was sent as HTML, as the source of an e-mail or as JSON: automatically as clean text, or as it was sent."
          hidden="{{ !analyze_document_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="16eaf" label="Automatic" value="auto" />
          <Option id="4eff7" label="Off" value="off" />
        </Select>
        <Switch
          id="analyze_document__read_text"
          label="Return the text"
          labelPosition="top"
          tooltipText="Return the text that was read, to which the offsets of quotes refer."
          hidden="{{ !analyze_document_Advanced.value }}"
          value="false"
        />
        <Select
          id="analyze_document__pictures"
          label="Pictures"
          labelPosition="top"
          tooltipText="What a model that sees images is shown of a document beside its text: what the text does not tell, such as scans, logos and charts; each page; or nothing."
          hidden="{{ !analyze_document_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="78a40" label="Automatic" value="auto" />
          <Option id="1f34d" label="All pages" value="all" />
          <Option id="7092c" label="None" value="none" />
        </Select>
        <Select
          id="analyze_document__ocr"
          label="OCR"
          labelPosition="top"
          tooltipText="Whether this server reads the words of scans and images itself: automatically where no model sees them, always, so that quotes from them can be verified, or never."
          hidden="{{ !analyze_document_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="7b355" label="Automatic" value="auto" />
          <Option id="54504" label="Always" value="always" />
          <Option id="955e8" label="Off" value="off" />
        </Select>
        <Button
          id="analyze_document_Run"
          loading="{{ analyze_document_Query.isFetching || analyze_document_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="c6c3793f"
            event="click"
            method="trigger"
            pluginId="analyze_document_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="analyze_document_Problem"
          description="{{ analyze_document_Query.error || analyze_document_Follow.error || analyze_document_Answer.value?.detail }}"
          hidden={"{{ !(analyze_document_Query.error || analyze_document_Follow.error || (analyze_document_Answer.value?.ok === false && !['queued', 'running'].includes(analyze_document_Answer.value?.status) && !(analyze_document_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="analyze_document_GoesOn"
          description="{{ 'Its id is ' + analyze_document_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(analyze_document_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="analyze_document_Waits"
          description="{{ analyze_document_Answer.value?.detail + ' Decide on ' + analyze_document_Answer.value?.review_url }}"
          hidden="{{ !(analyze_document_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="analyze_document_Result"
          disableMarkdown={true}
          value={"{{ analyze_document_Answer.value?.ok && !['queued', 'running'].includes(analyze_document_Answer.value?.status) && !analyze_document_Query.error ? analyze_document_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="analyze_document_Values"
          hidden={"{{ !(analyze_document_Answer.value?.ok && !['queued', 'running'].includes(analyze_document_Answer.value?.status) && !analyze_document_Query.error) }}"}
          value="{{ _.pick(analyze_document_Answer.value, ['findings', 'evidence', 'page_count', 'coverage']) }}"
        />
        <Text
          id="analyze_document_Bill"
          hidden={"{{ !(analyze_document_Answer.value?.ok && !['queued', 'running'].includes(analyze_document_Answer.value?.status) && !analyze_document_Query.error) }}"}
          value="{{ (analyze_document_Answer.value?.engine === 'local' ? 'embedded engine' : analyze_document_Answer.value?.model) + ' · ' + (analyze_document_Answer.value?.cost_usd === null ? 'price not known' : '$' + analyze_document_Answer.value?.cost_usd) + ' · ' + analyze_document_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="437a6" label="Analyze an image" viewKey="analyze_image">
        <Text
          id="analyze_image_About"
          value="Describes images, writes their alt text, reads their words or charts, counts, compares, or answers a question about them."
          verticalAlign="center"
        />
        <FileButton
          id="analyze_image__file"
          text="Image"
          tooltipText="Up to 10 PNG, JPEG, WebP or GIF images or PDF pages: https addresses, one a line, data URLs, or the files themselves."
          required={true}
          _isUpgraded={true}
          maxCount={10}
          maxSize="20mb"
          styleVariant="outline"
        />
        <Select
          id="analyze_image__task"
          label="Task"
          labelPosition="top"
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="describe"
        >
          <Option id="bf79e" label="Describe" value="describe" />
          <Option id="40eb4" label="Alt text" value="alttext" />
          <Option id="c17b9" label="Read the words" value="ocr" />
          <Option id="2da2d" label="Read a chart" value="chart" />
          <Option id="3eb6e" label="Count" value="count" />
          <Option id="a9c0f" label="Compare" value="compare" />
          <Option id="05c9a" label="Answer the question" value="question" />
        </Select>
        <TextArea
          id="analyze_image__question"
          label="Question"
          labelPosition="top"
          tooltipText="What to answer, count or compare, such as how many people wear a helmet."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Switch id="analyze_image_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="analyze_image__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !analyze_image_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="analyze_image__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !analyze_image_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="analyze_image__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !analyze_image_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="analyze_image__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !analyze_image_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="analyze_image__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !analyze_image_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="analyze_image__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !analyze_image_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="f62ee" label="Off" value="off" />
          <Option id="b0599" label="1 hour" value="1h" />
          <Option id="eb06f" label="1 day" value="1d" />
          <Option id="31b48" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="analyze_image__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !analyze_image_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="analyze_image__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !analyze_image_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="59b0c" label="Never" value="never" />
          <Option id="9942b" label="When a check failed" value="checks" />
          <Option id="fd6e2" label="When unsure" value="unsure" />
          <Option id="a1896" label="Always" value="always" />
        </Select>
        <Select
          id="analyze_image__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !analyze_image_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="54427" label="Low" value="low" />
          <Option id="60bd5" label="Medium" value="medium" />
          <Option id="c3cf1" label="High" value="high" />
        </Select>
        <TextInput
          id="analyze_image__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !analyze_image_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="analyze_image__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !analyze_image_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="analyze_image__timezone"
          label="Time zone"
          labelPosition="top"
          tooltipText="The time zone of dates and times in the text that state none, such as Europe/Berlin. They are returned with its offset."
          hidden="{{ !analyze_image_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextInput
          id="analyze_image__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !analyze_image_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="analyze_image__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !analyze_image_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="203dc" label="Standard" value="standard" />
          <Option id="45e7e" label="Strong" value="strong" />
          <Option id="f3ad9" label="Automatic" value="auto" />
        </Select>
        <TextInput
          id="analyze_image__previous_run"
          label="Previous run"
          labelPosition="top"
          tooltipText="The id of an earlier run of this action, to get a new version of its text. Fields left empty keep their earlier values."
          hidden="{{ !analyze_image_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="analyze_image__feedback"
          label="Feedback"
          labelPosition="top"
          tooltipText="What to change in the new version, such as: shorter, and mention the date."
          hidden="{{ !analyze_image_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="analyze_image__clean"
          label="Clean text"
          labelPosition="top"
          tooltipText="How a text is read that was sent as HTML, as the source of an e-mail or as JSON: automatically as clean text, or as it was sent."
          hidden="{{ !analyze_image_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="0eee4" label="Automatic" value="auto" />
          <Option id="2e354" label="Off" value="off" />
        </Select>
        <Switch
          id="analyze_image__read_text"
          label="Return the text"
          labelPosition="top"
          tooltipText="Return the text that was read, to which the offsets of quotes refer."
          hidden="{{ !analyze_image_Advanced.value }}"
          value="false"
        />
        <Select
          id="analyze_image__pictures"
          label="Pictures"
          labelPosition="top"
          tooltipText="What a model that sees images is shown of a document beside its text: what the text does not tell, such as scans, logos and charts; each page; or nothing."
          hidden="{{ !analyze_image_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="fb103" label="Automatic" value="auto" />
          <Option id="d6731" label="All pages" value="all" />
          <Option id="6a319" label="None" value="none" />
        </Select>
        <Select
          id="analyze_image__ocr"
          label="OCR"
          labelPosition="top"
          tooltipText="Whether this server reads the words of scans and images itself: automatically where no model sees them, always, so that quotes from them can be verified, or never."
          hidden="{{ !analyze_image_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="186d3" label="Automatic" value="auto" />
          <Option id="32d18" label="Always" value="always" />
          <Option id="816fd" label="Off" value="off" />
        </Select>
        <Button
          id="analyze_image_Run"
          loading="{{ analyze_image_Query.isFetching || analyze_image_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="3ecc6294"
            event="click"
            method="trigger"
            pluginId="analyze_image_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="analyze_image_Problem"
          description="{{ analyze_image_Query.error || analyze_image_Follow.error || analyze_image_Answer.value?.detail }}"
          hidden={"{{ !(analyze_image_Query.error || analyze_image_Follow.error || (analyze_image_Answer.value?.ok === false && !['queued', 'running'].includes(analyze_image_Answer.value?.status) && !(analyze_image_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="analyze_image_GoesOn"
          description="{{ 'Its id is ' + analyze_image_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(analyze_image_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="analyze_image_Waits"
          description="{{ analyze_image_Answer.value?.detail + ' Decide on ' + analyze_image_Answer.value?.review_url }}"
          hidden="{{ !(analyze_image_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="analyze_image_Result"
          disableMarkdown={true}
          value={"{{ analyze_image_Answer.value?.ok && !['queued', 'running'].includes(analyze_image_Answer.value?.status) && !analyze_image_Query.error ? analyze_image_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="analyze_image_Values"
          hidden={"{{ !(analyze_image_Answer.value?.ok && !['queued', 'running'].includes(analyze_image_Answer.value?.status) && !analyze_image_Query.error) }}"}
          value="{{ _.pick(analyze_image_Answer.value, ['answer', 'text_found', 'table_csv', 'objects']) }}"
        />
        <Text
          id="analyze_image_Bill"
          hidden={"{{ !(analyze_image_Answer.value?.ok && !['queued', 'running'].includes(analyze_image_Answer.value?.status) && !analyze_image_Query.error) }}"}
          value="{{ (analyze_image_Answer.value?.engine === 'local' ? 'embedded engine' : analyze_image_Answer.value?.model) + ' · ' + (analyze_image_Answer.value?.cost_usd === null ? 'price not known' : '$' + analyze_image_Answer.value?.cost_usd) + ' · ' + analyze_image_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="d1d4f" label="Answer from documents" viewKey="answer">
        <Text
          id="answer_About"
          value="Answers a question from your documents alone, with the page of each quote, or says that they do not answer it."
          verticalAlign="center"
        />
        <TextArea
          id="answer__question"
          label="Question"
          labelPosition="top"
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <FileButton
          id="answer__sources"
          text="Sources"
          tooltipText="Up to 20 documents (PDF, Word, Excel, PowerPoint, OpenDocument, RTF, EPUB, e-mail, text, HTML) or images: https addresses, one a line, data URLs, or the files themselves."
          _isUpgraded={true}
          maxCount={20}
          maxSize="20mb"
          styleVariant="outline"
        />
        <TextArea
          id="answer__text"
          label="Text"
          labelPosition="top"
          tooltipText="Text to answer from, typed here instead of sending files."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="answer__style"
          label="Style"
          labelPosition="top"
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="short"
        >
          <Option id="055ca" label="Short" value="short" />
          <Option id="21c20" label="Detailed" value="detailed" />
        </Select>
        <Switch id="answer_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="answer__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !answer_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="answer__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !answer_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="answer__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !answer_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="answer__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !answer_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="answer__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !answer_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="answer__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !answer_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="9a09e" label="Off" value="off" />
          <Option id="10e27" label="1 hour" value="1h" />
          <Option id="d6640" label="1 day" value="1d" />
          <Option id="3ffaa" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="answer__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !answer_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="answer__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !answer_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="099e0" label="Never" value="never" />
          <Option id="4ede2" label="When a check failed" value="checks" />
          <Option id="c22de" label="When unsure" value="unsure" />
          <Option id="5469f" label="Always" value="always" />
        </Select>
        <Select
          id="answer__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !answer_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="90aea" label="Low" value="low" />
          <Option id="6108f" label="Medium" value="medium" />
          <Option id="14b85" label="High" value="high" />
        </Select>
        <TextInput
          id="answer__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !answer_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="answer__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !answer_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="answer__timezone"
          label="Time zone"
          labelPosition="top"
          tooltipText="The time zone of dates and times in the text that state none, such as Europe/Berlin. They are returned with its offset."
          hidden="{{ !answer_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextInput
          id="answer__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !answer_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="answer__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !answer_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="b6e53" label="Standard" value="standard" />
          <Option id="4baf2" label="Strong" value="strong" />
          <Option id="4e90c" label="Automatic" value="auto" />
        </Select>
        <TextInput
          id="answer__previous_run"
          label="Previous run"
          labelPosition="top"
          tooltipText="The id of an earlier run of this action, to get a new version of its text. Fields left empty keep their earlier values."
          hidden="{{ !answer_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="answer__feedback"
          label="Feedback"
          labelPosition="top"
          tooltipText="What to change in the new version, such as: shorter, and mention the date."
          hidden="{{ !answer_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="answer__clean"
          label="Clean text"
          labelPosition="top"
          tooltipText="How a text is read that was sent as HTML, as the source of an e-mail or as JSON: automatically as clean text, or as it was sent."
          hidden="{{ !answer_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="8f833" label="Automatic" value="auto" />
          <Option id="69b5b" label="Off" value="off" />
        </Select>
        <Switch
          id="answer__read_text"
          label="Return the text"
          labelPosition="top"
          tooltipText="Return the text that was read, to which the offsets of quotes refer."
          hidden="{{ !answer_Advanced.value }}"
          value="false"
        />
        <Select
          id="answer__pictures"
          label="Pictures"
          labelPosition="top"
          tooltipText="What a model that sees images is shown of a document beside its text: what the text does not tell, such as scans, logos and charts; each page; or nothing."
          hidden="{{ !answer_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="b6443" label="Automatic" value="auto" />
          <Option id="04c57" label="All pages" value="all" />
          <Option id="afeec" label="None" value="none" />
        </Select>
        <Select
          id="answer__ocr"
          label="OCR"
          labelPosition="top"
          tooltipText="Whether this server reads the words of scans and images itself: automatically where no model sees them, always, so that quotes from them can be verified, or never."
          hidden="{{ !answer_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="cbed0" label="Automatic" value="auto" />
          <Option id="215ac" label="Always" value="always" />
          <Option id="199ab" label="Off" value="off" />
        </Select>
        <Button
          id="answer_Run"
          loading="{{ answer_Query.isFetching || answer_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="a1c2b478"
            event="click"
            method="trigger"
            pluginId="answer_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="answer_Problem"
          description="{{ answer_Query.error || answer_Follow.error || answer_Answer.value?.detail }}"
          hidden={"{{ !(answer_Query.error || answer_Follow.error || (answer_Answer.value?.ok === false && !['queued', 'running'].includes(answer_Answer.value?.status) && !(answer_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="answer_GoesOn"
          description="{{ 'Its id is ' + answer_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(answer_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="answer_Waits"
          description="{{ answer_Answer.value?.detail + ' Decide on ' + answer_Answer.value?.review_url }}"
          hidden="{{ !(answer_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="answer_Result"
          disableMarkdown={true}
          value={"{{ answer_Answer.value?.ok && !['queued', 'running'].includes(answer_Answer.value?.status) && !answer_Query.error ? answer_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="answer_Values"
          hidden={"{{ !(answer_Answer.value?.ok && !['queued', 'running'].includes(answer_Answer.value?.status) && !answer_Query.error) }}"}
          value="{{ _.pick(answer_Answer.value, ['answer', 'found', 'quotes', 'citations', 'page_count', 'coverage']) }}"
        />
        <Text
          id="answer_Bill"
          hidden={"{{ !(answer_Answer.value?.ok && !['queued', 'running'].includes(answer_Answer.value?.status) && !answer_Query.error) }}"}
          value="{{ (answer_Answer.value?.engine === 'local' ? 'embedded engine' : answer_Answer.value?.model) + ' · ' + (answer_Answer.value?.cost_usd === null ? 'price not known' : '$' + answer_Answer.value?.cost_usd) + ' · ' + answer_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="b7ced" label="Answer with tools" viewKey="answer_with_tools">
        <Text
          id="answer_with_tools_About"
          value="Answers a question with the tools you allow, and shows every call it made."
          verticalAlign="center"
        />
        <TextArea
          id="answer_with_tools__question"
          label="Question"
          labelPosition="top"
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="answer_with_tools__context"
          label="Context"
          labelPosition="top"
          tooltipText="Text that the answer may be based on."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Multiselect
          id="answer_with_tools__tools"
          label="Tools"
          labelPosition="top"
          tooltipText="What may be used. Nothing is allowed unless you name it here."
          itemMode="static"
          showSelectionIndicator={true}
          wrapTags={true}
          emptyMessage="No options"
          value="{{ [] }}"
        >
          <Option id="999f4" label="Calculator" value="calculate" />
          <Option id="01fe4" label="Dates" value="dates" />
          <Option id="8a1f6" label="Search the context" value="search_context" />
          <Option id="79ed2" label="Python" value="python" />
          <Option id="6a3e9" label="Read a web page" value="fetch_page" />
          <Option id="96ee3" label="Search the web" value="web_search" />
        </Multiselect>
        <Select
          id="answer_with_tools__approve"
          label="Ask before"
          labelPosition="top"
          tooltipText={'Which calls wait until a person has said yes. The run then says "needs_review", and goes on once you approve or refuse it.'}
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="writes"
        >
          <Option id="8cc47" label="What changes something" value="writes" />
          <Option id="a9408" label="Every call" value="all" />
          <Option id="355c0" label="Nothing" value="never" />
        </Select>
        <Switch
          id="answer_with_tools__require_tool"
          label="Require a tool"
          labelPosition="top"
          tooltipText="Accept only an answer for which a tool was really used."
          value="false"
        />
        <NumberInput
          id="answer_with_tools__max_steps"
          label="Max steps"
          labelPosition="top"
          tooltipText="How many rounds of tool calls there may be."
          allowNull={true}
          showClear={true}
          min="1"
          max="20"
          value="8"
        />
        <Switch
          id="answer_with_tools_Advanced"
          label="Advanced options"
          value="false"
        />
        <NumberInput
          id="answer_with_tools__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="answer_with_tools__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="answer_with_tools__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="answer_with_tools__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="answer_with_tools__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="answer_with_tools__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="867dd" label="Off" value="off" />
          <Option id="45ed1" label="1 hour" value="1h" />
          <Option id="b152d" label="1 day" value="1d" />
          <Option id="b8eff" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="answer_with_tools__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="answer_with_tools__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="a2c2f" label="Never" value="never" />
          <Option id="052ac" label="When a check failed" value="checks" />
          <Option id="d5a69" label="When unsure" value="unsure" />
          <Option id="4a444" label="Always" value="always" />
        </Select>
        <Select
          id="answer_with_tools__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="38b04" label="Low" value="low" />
          <Option id="5a8a1" label="Medium" value="medium" />
          <Option id="4b6d3" label="High" value="high" />
        </Select>
        <TextInput
          id="answer_with_tools__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="answer_with_tools__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="answer_with_tools__timezone"
          label="Time zone"
          labelPosition="top"
          tooltipText="The time zone of dates and times in the text that state none, such as Europe/Berlin. They are returned with its offset."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextInput
          id="answer_with_tools__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="answer_with_tools__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="eff69" label="Standard" value="standard" />
          <Option id="080ba" label="Strong" value="strong" />
          <Option id="536a1" label="Automatic" value="auto" />
        </Select>
        <TextInput
          id="answer_with_tools__previous_run"
          label="Previous run"
          labelPosition="top"
          tooltipText="The id of an earlier run of this action, to get a new version of its text. Fields left empty keep their earlier values."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="answer_with_tools__feedback"
          label="Feedback"
          labelPosition="top"
          tooltipText="What to change in the new version, such as: shorter, and mention the date."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="answer_with_tools__clean"
          label="Clean text"
          labelPosition="top"
          tooltipText="How a text is read that was sent as HTML, as the source of an e-mail or as JSON: automatically as clean text, or as it was sent."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="b57cd" label="Automatic" value="auto" />
          <Option id="64b86" label="Off" value="off" />
        </Select>
        <Switch
          id="answer_with_tools__read_text"
          label="Return the text"
          labelPosition="top"
          tooltipText="Return the text that was read, to which the offsets of quotes refer."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value="false"
        />
        <Button
          id="answer_with_tools_Run"
          loading="{{ answer_with_tools_Query.isFetching || answer_with_tools_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="fdc3deb3"
            event="click"
            method="trigger"
            pluginId="answer_with_tools_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="answer_with_tools_Problem"
          description="{{ answer_with_tools_Query.error || answer_with_tools_Follow.error || answer_with_tools_Answer.value?.detail }}"
          hidden={"{{ !(answer_with_tools_Query.error || answer_with_tools_Follow.error || (answer_with_tools_Answer.value?.ok === false && !['queued', 'running'].includes(answer_with_tools_Answer.value?.status) && !(answer_with_tools_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="answer_with_tools_GoesOn"
          description="{{ 'Its id is ' + answer_with_tools_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(answer_with_tools_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="answer_with_tools_Waits"
          description="{{ answer_with_tools_Answer.value?.detail + ' Decide on ' + answer_with_tools_Answer.value?.review_url }}"
          hidden="{{ !(answer_with_tools_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="answer_with_tools_Result"
          disableMarkdown={true}
          value={"{{ answer_with_tools_Answer.value?.ok && !['queued', 'running'].includes(answer_with_tools_Answer.value?.status) && !answer_with_tools_Query.error ? answer_with_tools_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="answer_with_tools_Values"
          hidden={"{{ !(answer_with_tools_Answer.value?.ok && !['queued', 'running'].includes(answer_with_tools_Answer.value?.status) && !answer_with_tools_Query.error) }}"}
          value="{{ _.pick(answer_with_tools_Answer.value, ['answer', 'value', 'found', 'quotes', 'tools_used', 'steps', 'trace', 'evidence']) }}"
        />
        <Text
          id="answer_with_tools_Bill"
          hidden={"{{ !(answer_with_tools_Answer.value?.ok && !['queued', 'running'].includes(answer_with_tools_Answer.value?.status) && !answer_with_tools_Query.error) }}"}
          value="{{ (answer_with_tools_Answer.value?.engine === 'local' ? 'embedded engine' : answer_with_tools_Answer.value?.model) + ' · ' + (answer_with_tools_Answer.value?.cost_usd === null ? 'price not known' : '$' + answer_with_tools_Answer.value?.cost_usd) + ' · ' + answer_with_tools_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="aca78" label="Check a text" viewKey="check">
        <Text
          id="check_About"
          value="Answers your questions about a text or a file by yes, no or unsure, each with the quote that proves it."
          verticalAlign="center"
        />
        <TextArea
          id="check__questions"
          label="Questions"
          labelPosition="top"
          placeholder={"Is the contract signed?\nIs the notice period longer than 3 months?"}
          tooltipText="What to check, one question a line, each to be answered by yes or no."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <FileButton
          id="check__file"
          text="File"
          tooltipText="Up to 20 documents (PDF, Word, Excel, PowerPoint, OpenDocument, RTF, EPUB, e-mail, text, HTML) or images: https addresses, one a line, data URLs, or the files themselves."
          _isUpgraded={true}
          maxCount={20}
          maxSize="20mb"
          styleVariant="outline"
        />
        <TextArea
          id="check__text"
          label="Text"
          labelPosition="top"
          tooltipText="Text to check, typed here instead of sending files."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Switch id="check_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="check__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !check_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="check__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !check_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="check__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !check_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="check__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !check_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="check__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !check_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="check__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !check_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="3aa7f" label="Off" value="off" />
          <Option id="87257" label="1 hour" value="1h" />
          <Option id="a130f" label="1 day" value="1d" />
          <Option id="04646" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="check__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !check_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="check__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !check_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="2da96" label="Never" value="never" />
          <Option id="02e01" label="When a check failed" value="checks" />
          <Option id="e0110" label="When unsure" value="unsure" />
          <Option id="9f13c" label="Always" value="always" />
        </Select>
        <Select
          id="check__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !check_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="2beb9" label="Low" value="low" />
          <Option id="62fb4" label="Medium" value="medium" />
          <Option id="89395" label="High" value="high" />
        </Select>
        <TextInput
          id="check__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !check_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="check__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !check_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="check__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !check_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="851bb" label="Standard" value="standard" />
          <Option id="927ab" label="Strong" value="strong" />
          <Option id="7753d" label="Automatic" value="auto" />
        </Select>
        <Select
          id="check__clean"
          label="Clean text"
          labelPosition="top"
          tooltipText="How a text is read that was sent as HTML, as the source of an e-mail or as JSON: automatically as clean text, or as it was sent."
          hidden="{{ !check_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="dcf4f" label="Automatic" value="auto" />
          <Option id="c3f1c" label="Off" value="off" />
        </Select>
        <Switch
          id="check__read_text"
          label="Return the text"
          labelPosition="top"
          tooltipText="Return the text that was read, to which the offsets of quotes refer."
          hidden="{{ !check_Advanced.value }}"
          value="false"
        />
        <Select
          id="check__pictures"
          label="Pictures"
          labelPosition="top"
          tooltipText="What a model that sees images is shown of a document beside its text: what the text does not tell, such as scans, logos and charts; each page; or nothing."
          hidden="{{ !check_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="0065b" label="Automatic" value="auto" />
          <Option id="f7d2c" label="All pages" value="all" />
          <Option id="0ebd3" label="None" value="none" />
        </Select>
        <Select
          id="check__ocr"
          label="OCR"
          labelPosition="top"
          tooltipText="Whether this server reads the words of scans and images itself: automatically where no model sees them, always, so that quotes from them can be verified, or never."
          hidden="{{ !check_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="c1bdb" label="Automatic" value="auto" />
          <Option id="e3e2e" label="Always" value="always" />
          <Option id="8929f" label="Off" value="off" />
        </Select>
        <Button
          id="check_Run"
          loading="{{ check_Query.isFetching || check_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="df97ca3f"
            event="click"
            method="trigger"
            pluginId="check_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="check_Problem"
          description="{{ check_Query.error || check_Follow.error || check_Answer.value?.detail }}"
          hidden={"{{ !(check_Query.error || check_Follow.error || (check_Answer.value?.ok === false && !['queued', 'running'].includes(check_Answer.value?.status) && !(check_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="check_GoesOn"
          description="{{ 'Its id is ' + check_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(check_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="check_Waits"
          description="{{ check_Answer.value?.detail + ' Decide on ' + check_Answer.value?.review_url }}"
          hidden="{{ !(check_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="check_Result"
          disableMarkdown={true}
          value={"{{ check_Answer.value?.ok && !['queued', 'running'].includes(check_Answer.value?.status) && !check_Query.error ? check_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="check_Values"
          hidden={"{{ !(check_Answer.value?.ok && !['queued', 'running'].includes(check_Answer.value?.status) && !check_Query.error) }}"}
          value="{{ _.pick(check_Answer.value, ['answer', 'answers', 'unsure', 'evidence', 'page_count', 'coverage']) }}"
        />
        <Text
          id="check_Bill"
          hidden={"{{ !(check_Answer.value?.ok && !['queued', 'running'].includes(check_Answer.value?.status) && !check_Query.error) }}"}
          value="{{ (check_Answer.value?.engine === 'local' ? 'embedded engine' : check_Answer.value?.model) + ' · ' + (check_Answer.value?.cost_usd === null ? 'price not known' : '$' + check_Answer.value?.cost_usd) + ' · ' + check_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="a2073" label="Classify text" viewKey="classify">
        <Text
          id="classify_About"
          value="Puts a text into one of your categories, or into several, and says when none fits."
          verticalAlign="center"
        />
        <TextArea
          id="classify__text"
          label="Text"
          labelPosition="top"
          tooltipText="The text to classify."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="classify__categories"
          label="Categories"
          labelPosition="top"
          placeholder="billing: invoices, payments and refunds"
          tooltipText="One a line, as `name: when it fits`. Names alone may be divided by commas."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Switch
          id="classify__multiple"
          label="Allow multiple categories"
          labelPosition="top"
          tooltipText="Give every category that fits instead of the best one."
          value="false"
        />
        <TextInput
          id="classify__fallback"
          label="When none fits"
          labelPosition="top"
          placeholder="other"
          tooltipText="The answer when no category fits, such as other. Empty means null."
          value=""
          showClear={true}
        />
        <TextArea
          id="classify__examples"
          label="Examples"
          labelPosition="top"
          placeholder="I was charged twice => billing"
          tooltipText="Worked cases, one a line, as `text => category`."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="classify__strictness"
          label="Strictness"
          labelPosition="top"
          tooltipText="How well a category must fit. High gives none more often, low less often."
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="normal"
        >
          <Option id="545b0" label="Low" value="low" />
          <Option id="0513c" label="Normal" value="normal" />
          <Option id="687f8" label="High" value="high" />
        </Select>
        <NumberInput
          id="classify__max_categories"
          label="At most"
          labelPosition="top"
          tooltipText="With multiple categories: how many at most. Empty: those that fit; 3 without a model."
          allowNull={true}
          showClear={true}
          min="1"
          max="500"
          value="{{ null }}"
        />
        <Switch id="classify_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="classify__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !classify_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="classify__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !classify_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="classify__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !classify_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="classify__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !classify_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="classify__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !classify_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="classify__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !classify_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="0bf30" label="Off" value="off" />
          <Option id="08df4" label="1 hour" value="1h" />
          <Option id="7caf3" label="1 day" value="1d" />
          <Option id="58db1" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="classify__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !classify_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="classify__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !classify_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="930bd" label="Never" value="never" />
          <Option id="73bee" label="When a check failed" value="checks" />
          <Option id="ae62e" label="When unsure" value="unsure" />
          <Option id="7af35" label="Always" value="always" />
        </Select>
        <Select
          id="classify__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !classify_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="4c7cd" label="Low" value="low" />
          <Option id="5e5ed" label="Medium" value="medium" />
          <Option id="9009e" label="High" value="high" />
        </Select>
        <TextInput
          id="classify__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !classify_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="classify__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !classify_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="classify__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !classify_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="b6e73" label="Standard" value="standard" />
          <Option id="ef343" label="Strong" value="strong" />
          <Option id="5dcff" label="Automatic" value="auto" />
        </Select>
        <Select
          id="classify__votes"
          label="Votes"
          labelPosition="top"
          tooltipText="How many calls to make. The value that most calls return is used, and the confidence is the share of calls that agree."
          hidden="{{ !classify_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="3324b" label="1" value="1" />
          <Option id="c4a59" label="3" value="3" />
          <Option id="7a18c" label="5" value="5" />
        </Select>
        <Select
          id="classify__clean"
          label="Clean text"
          labelPosition="top"
          tooltipText="How a text is read that was sent as HTML, as the source of an e-mail or as JSON: automatically as clean text, or as it was sent."
          hidden="{{ !classify_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="79bc9" label="Automatic" value="auto" />
          <Option id="1dde1" label="Off" value="off" />
        </Select>
        <Switch
          id="classify__read_text"
          label="Return the text"
          labelPosition="top"
          tooltipText="Return the text that was read, to which the offsets of quotes refer."
          hidden="{{ !classify_Advanced.value }}"
          value="false"
        />
        <Button
          id="classify_Run"
          loading="{{ classify_Query.isFetching || classify_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="6305e618"
            event="click"
            method="trigger"
            pluginId="classify_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="classify_Problem"
          description="{{ classify_Query.error || classify_Follow.error || classify_Answer.value?.detail }}"
          hidden={"{{ !(classify_Query.error || classify_Follow.error || (classify_Answer.value?.ok === false && !['queued', 'running'].includes(classify_Answer.value?.status) && !(classify_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="classify_GoesOn"
          description="{{ 'Its id is ' + classify_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(classify_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="classify_Waits"
          description="{{ classify_Answer.value?.detail + ' Decide on ' + classify_Answer.value?.review_url }}"
          hidden="{{ !(classify_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="classify_Result"
          disableMarkdown={true}
          value={"{{ classify_Answer.value?.ok && !['queued', 'running'].includes(classify_Answer.value?.status) && !classify_Query.error ? classify_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="classify_Values"
          hidden={"{{ !(classify_Answer.value?.ok && !['queued', 'running'].includes(classify_Answer.value?.status) && !classify_Query.error) }}"}
          value="{{ _.pick(classify_Answer.value, ['category', 'categories', 'matched', 'confidence', 'reason', 'runner_up', 'learned_from']) }}"
        />
        <Text
          id="classify_Bill"
          hidden={"{{ !(classify_Answer.value?.ok && !['queued', 'running'].includes(classify_Answer.value?.status) && !classify_Query.error) }}"}
          value="{{ (classify_Answer.value?.engine === 'local' ? 'embedded engine' : classify_Answer.value?.model) + ' · ' + (classify_Answer.value?.cost_usd === null ? 'price not known' : '$' + classify_Answer.value?.cost_usd) + ' · ' + classify_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="76393" label="Compare texts" viewKey="compare">
        <Text
          id="compare_About"
          value="Lists where two texts differ. Numbers, dates and amounts are compared by their value, however they are written."
          verticalAlign="center"
        />
        <TextArea
          id="compare__a"
          label="First text"
          labelPosition="top"
          tooltipText="The text to compare, such as the contract that was sent."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="compare__b"
          label="Second text"
          labelPosition="top"
          tooltipText="The text to compare it with, such as the contract that came back."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="compare__focus"
          label="Focus"
          labelPosition="top"
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="all"
        >
          <Option id="fb001" label="All" value="all" />
          <Option id="97510" label="Numbers and dates" value="values" />
          <Option id="988e8" label="Wording" value="words" />
        </Select>
        <Multiselect
          id="compare__ignore"
          label="Ignore"
          labelPosition="top"
          tooltipText="What does not matter, one a line. Blanks and line breaks never do."
          itemMode="static"
          showSelectionIndicator={true}
          wrapTags={true}
          emptyMessage="No options"
          value="{{ [] }}"
        >
          <Option id="6f461" label="Capital letters" value="case" />
          <Option id="5a402" label="Punctuation" value="punctuation" />
          <Option id="46c5f" label="The order of lines" value="order" />
        </Multiselect>
        <Switch id="compare_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="compare__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !compare_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="compare__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !compare_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="compare__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !compare_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="compare__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !compare_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="compare__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !compare_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="compare__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !compare_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="c4867" label="Off" value="off" />
          <Option id="b7769" label="1 hour" value="1h" />
          <Option id="f5c66" label="1 day" value="1d" />
          <Option id="5f818" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="compare__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !compare_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="compare__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !compare_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="d505d" label="Never" value="never" />
          <Option id="1fda7" label="When a check failed" value="checks" />
          <Option id="26199" label="When unsure" value="unsure" />
          <Option id="b7909" label="Always" value="always" />
        </Select>
        <TextInput
          id="compare__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !compare_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Button
          id="compare_Run"
          loading="{{ compare_Query.isFetching || compare_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="02b4c77c"
            event="click"
            method="trigger"
            pluginId="compare_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="compare_Problem"
          description="{{ compare_Query.error || compare_Follow.error || compare_Answer.value?.detail }}"
          hidden={"{{ !(compare_Query.error || compare_Follow.error || (compare_Answer.value?.ok === false && !['queued', 'running'].includes(compare_Answer.value?.status) && !(compare_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="compare_GoesOn"
          description="{{ 'Its id is ' + compare_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(compare_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="compare_Waits"
          description="{{ compare_Answer.value?.detail + ' Decide on ' + compare_Answer.value?.review_url }}"
          hidden="{{ !(compare_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="compare_Result"
          disableMarkdown={true}
          value={"{{ compare_Answer.value?.ok && !['queued', 'running'].includes(compare_Answer.value?.status) && !compare_Query.error ? compare_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="compare_Values"
          hidden={"{{ !(compare_Answer.value?.ok && !['queued', 'running'].includes(compare_Answer.value?.status) && !compare_Query.error) }}"}
          value="{{ _.pick(compare_Answer.value, ['verdict', 'same', 'differences', 'count', 'similarity']) }}"
        />
        <Text
          id="compare_Bill"
          hidden={"{{ !(compare_Answer.value?.ok && !['queued', 'running'].includes(compare_Answer.value?.status) && !compare_Query.error) }}"}
          value="{{ (compare_Answer.value?.engine === 'local' ? 'embedded engine' : compare_Answer.value?.model) + ' · ' + (compare_Answer.value?.cost_usd === null ? 'price not known' : '$' + compare_Answer.value?.cost_usd) + ' · ' + compare_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="b878f" label="Detect the language" viewKey="detect_language">
        <Text
          id="detect_language_About"
          value="Says in which language a text is, and where it changes. Free, and nothing is sent to a model."
          verticalAlign="center"
        />
        <TextArea
          id="detect_language__text"
          label="Text"
          labelPosition="top"
          tooltipText="A sentence or more; a word or a name alone is in no language."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Switch id="detect_language_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="detect_language__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !detect_language_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="detect_language__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !detect_language_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="detect_language__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !detect_language_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="detect_language__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !detect_language_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="detect_language__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !detect_language_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="detect_language__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !detect_language_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="4782e" label="Off" value="off" />
          <Option id="4343b" label="1 hour" value="1h" />
          <Option id="87044" label="1 day" value="1d" />
          <Option id="21255" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="detect_language__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !detect_language_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="detect_language__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !detect_language_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="f5e24" label="Never" value="never" />
          <Option id="aa9dc" label="When a check failed" value="checks" />
          <Option id="45069" label="When unsure" value="unsure" />
          <Option id="60dff" label="Always" value="always" />
        </Select>
        <TextInput
          id="detect_language__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !detect_language_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Button
          id="detect_language_Run"
          loading="{{ detect_language_Query.isFetching || detect_language_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="9e47cf47"
            event="click"
            method="trigger"
            pluginId="detect_language_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="detect_language_Problem"
          description="{{ detect_language_Query.error || detect_language_Follow.error || detect_language_Answer.value?.detail }}"
          hidden={"{{ !(detect_language_Query.error || detect_language_Follow.error || (detect_language_Answer.value?.ok === false && !['queued', 'running'].includes(detect_language_Answer.value?.status) && !(detect_language_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="detect_language_GoesOn"
          description="{{ 'Its id is ' + detect_language_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(detect_language_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="detect_language_Waits"
          description="{{ detect_language_Answer.value?.detail + ' Decide on ' + detect_language_Answer.value?.review_url }}"
          hidden="{{ !(detect_language_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="detect_language_Result"
          disableMarkdown={true}
          value={"{{ detect_language_Answer.value?.ok && !['queued', 'running'].includes(detect_language_Answer.value?.status) && !detect_language_Query.error ? detect_language_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="detect_language_Values"
          hidden={"{{ !(detect_language_Answer.value?.ok && !['queued', 'running'].includes(detect_language_Answer.value?.status) && !detect_language_Query.error) }}"}
          value="{{ _.pick(detect_language_Answer.value, ['language', 'language_code', 'script', 'sureness', 'mixed', 'languages', 'parts']) }}"
        />
        <Text
          id="detect_language_Bill"
          hidden={"{{ !(detect_language_Answer.value?.ok && !['queued', 'running'].includes(detect_language_Answer.value?.status) && !detect_language_Query.error) }}"}
          value="{{ (detect_language_Answer.value?.engine === 'local' ? 'embedded engine' : detect_language_Answer.value?.model) + ' · ' + (detect_language_Answer.value?.cost_usd === null ? 'price not known' : '$' + detect_language_Answer.value?.cost_usd) + ' · ' + detect_language_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="b38be" label="Draft a reply" viewKey="draft_reply">
        <Text
          id="draft_reply_About"
          value="Drafts a reply to a message from your facts alone, and lists every number, date, name or link that stands in none of them. Nothing is sent."
          verticalAlign="center"
        />
        <TextArea
          id="draft_reply__message"
          label="Message"
          labelPosition="top"
          tooltipText="The message to reply to."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="draft_reply__facts"
          label="Facts"
          labelPosition="top"
          tooltipText="What the reply may state, such as answers to frequent questions, an order or your rules."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="draft_reply__thread"
          label="Earlier messages"
          labelPosition="top"
          tooltipText="What was written before."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="draft_reply__decision"
          label="Decision"
          labelPosition="top"
          tooltipText="What to tell the person, such as refund approved. Empty means that the facts decide."
          value=""
          showClear={true}
        />
        <Select
          id="draft_reply__tone"
          label="Tone"
          labelPosition="top"
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="friendly"
        >
          <Option id="851af" label="Friendly" value="friendly" />
          <Option id="b5883" label="Formal" value="formal" />
          <Option id="b5394" label="Brief" value="brief" />
        </Select>
        <TextInput
          id="draft_reply__sign_off"
          label="Sign-off"
          labelPosition="top"
          tooltipText="How the reply ends, such as Kind regards, Ana."
          value=""
          showClear={true}
        />
        <Switch id="draft_reply_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="draft_reply__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !draft_reply_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="draft_reply__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !draft_reply_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="draft_reply__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !draft_reply_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="draft_reply__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !draft_reply_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="draft_reply__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !draft_reply_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="draft_reply__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !draft_reply_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="1628b" label="Off" value="off" />
          <Option id="5ef65" label="1 hour" value="1h" />
          <Option id="f2e12" label="1 day" value="1d" />
          <Option id="85d69" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="draft_reply__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !draft_reply_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="draft_reply__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !draft_reply_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="81044" label="Never" value="never" />
          <Option id="2faef" label="When a check failed" value="checks" />
          <Option id="9a9f2" label="When unsure" value="unsure" />
          <Option id="c848c" label="Always" value="always" />
        </Select>
        <Select
          id="draft_reply__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !draft_reply_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="dd624" label="Low" value="low" />
          <Option id="95eee" label="Medium" value="medium" />
          <Option id="968ef" label="High" value="high" />
        </Select>
        <TextInput
          id="draft_reply__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !draft_reply_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="draft_reply__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !draft_reply_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="draft_reply__timezone"
          label="Time zone"
          labelPosition="top"
          tooltipText="The time zone of dates and times in the text that state none, such as Europe/Berlin. They are returned with its offset."
          hidden="{{ !draft_reply_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextInput
          id="draft_reply__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !draft_reply_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="draft_reply__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !draft_reply_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="cfd77" label="Standard" value="standard" />
          <Option id="b450e" label="Strong" value="strong" />
          <Option id="a2b18" label="Automatic" value="auto" />
        </Select>
        <TextInput
          id="draft_reply__previous_run"
          label="Previous run"
          labelPosition="top"
          tooltipText="The id of an earlier run of this action, to get a new version of its text. Fields left empty keep their earlier values."
          hidden="{{ !draft_reply_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="draft_reply__feedback"
          label="Feedback"
          labelPosition="top"
          tooltipText="What to change in the new version, such as: shorter, and mention the date."
          hidden="{{ !draft_reply_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="draft_reply__clean"
          label="Clean text"
          labelPosition="top"
          tooltipText="How a text is read that was sent as HTML, as the source of an e-mail or as JSON: automatically as clean text, or as it was sent."
          hidden="{{ !draft_reply_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="f656f" label="Automatic" value="auto" />
          <Option id="beb6a" label="Off" value="off" />
        </Select>
        <Switch
          id="draft_reply__read_text"
          label="Return the text"
          labelPosition="top"
          tooltipText="Return the text that was read, to which the offsets of quotes refer."
          hidden="{{ !draft_reply_Advanced.value }}"
          value="false"
        />
        <Button
          id="draft_reply_Run"
          loading="{{ draft_reply_Query.isFetching || draft_reply_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="e63aa679"
            event="click"
            method="trigger"
            pluginId="draft_reply_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="draft_reply_Problem"
          description="{{ draft_reply_Query.error || draft_reply_Follow.error || draft_reply_Answer.value?.detail }}"
          hidden={"{{ !(draft_reply_Query.error || draft_reply_Follow.error || (draft_reply_Answer.value?.ok === false && !['queued', 'running'].includes(draft_reply_Answer.value?.status) && !(draft_reply_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="draft_reply_GoesOn"
          description="{{ 'Its id is ' + draft_reply_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(draft_reply_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="draft_reply_Waits"
          description="{{ draft_reply_Answer.value?.detail + ' Decide on ' + draft_reply_Answer.value?.review_url }}"
          hidden="{{ !(draft_reply_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="draft_reply_Result"
          disableMarkdown={true}
          value={"{{ draft_reply_Answer.value?.ok && !['queued', 'running'].includes(draft_reply_Answer.value?.status) && !draft_reply_Query.error ? draft_reply_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="draft_reply_Values"
          hidden={"{{ !(draft_reply_Answer.value?.ok && !['queued', 'running'].includes(draft_reply_Answer.value?.status) && !draft_reply_Query.error) }}"}
          value="{{ _.pick(draft_reply_Answer.value, ['reply', 'subject', 'facts_used', 'open_questions', 'handoff', 'handoff_reason', 'unsupported', 'evidence']) }}"
        />
        <Text
          id="draft_reply_Bill"
          hidden={"{{ !(draft_reply_Answer.value?.ok && !['queued', 'running'].includes(draft_reply_Answer.value?.status) && !draft_reply_Query.error) }}"}
          value="{{ (draft_reply_Answer.value?.engine === 'local' ? 'embedded engine' : draft_reply_Answer.value?.model) + ' · ' + (draft_reply_Answer.value?.cost_usd === null ? 'price not known' : '$' + draft_reply_Answer.value?.cost_usd) + ' · ' + draft_reply_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="e8df5" label="Extract fields" viewKey="extract">
        <Text
          id="extract_About"
          value="Reads the fields you name out of a text, as typed values, and shows where each one stands."
          verticalAlign="center"
        />
        <TextArea
          id="extract__text"
          label="Text"
          labelPosition="top"
          tooltipText="The text to read, such as an invoice, an e-mail or an order."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="extract__fields"
          label="Fields"
          labelPosition="top"
          placeholder="total money: the amount to pay"
          tooltipText="One a line, as `name type: hint`. Types: text, number, integer, boolean, date, datetime, time, email, phone, url, money, percent, choice(a|b), list, rows(item text, price money). Without a type it is text."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Switch
          id="extract__many_rows"
          label="Many rows"
          labelPosition="top"
          tooltipText="Give one row for each thing found, such as the lines of an order, instead of one set of values."
          value="false"
        />
        <Switch id="extract_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="extract__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !extract_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="extract__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !extract_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="extract__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !extract_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="extract__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !extract_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="extract__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !extract_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="extract__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !extract_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="0c90c" label="Off" value="off" />
          <Option id="ed3aa" label="1 hour" value="1h" />
          <Option id="97548" label="1 day" value="1d" />
          <Option id="d5c39" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="extract__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !extract_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="extract__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !extract_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="4e504" label="Never" value="never" />
          <Option id="3e6c5" label="When a check failed" value="checks" />
          <Option id="54137" label="When unsure" value="unsure" />
          <Option id="2ffed" label="Always" value="always" />
        </Select>
        <Select
          id="extract__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !extract_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="a3b3a" label="Low" value="low" />
          <Option id="e1475" label="Medium" value="medium" />
          <Option id="54c04" label="High" value="high" />
        </Select>
        <TextInput
          id="extract__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !extract_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="extract__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !extract_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="extract__timezone"
          label="Time zone"
          labelPosition="top"
          tooltipText="The time zone of dates and times in the text that state none, such as Europe/Berlin. They are returned with its offset."
          hidden="{{ !extract_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextInput
          id="extract__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !extract_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="extract__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !extract_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="28688" label="Standard" value="standard" />
          <Option id="d24cb" label="Strong" value="strong" />
          <Option id="45b30" label="Automatic" value="auto" />
        </Select>
        <Select
          id="extract__votes"
          label="Votes"
          labelPosition="top"
          tooltipText="How many calls to make. The value that most calls return is used, and the confidence is the share of calls that agree."
          hidden="{{ !extract_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="aa882" label="1" value="1" />
          <Option id="cff24" label="3" value="3" />
          <Option id="06cbc" label="5" value="5" />
        </Select>
        <Select
          id="extract__clean"
          label="Clean text"
          labelPosition="top"
          tooltipText="How a text is read that was sent as HTML, as the source of an e-mail or as JSON: automatically as clean text, or as it was sent."
          hidden="{{ !extract_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="1275d" label="Automatic" value="auto" />
          <Option id="7f55a" label="Off" value="off" />
        </Select>
        <Switch
          id="extract__read_text"
          label="Return the text"
          labelPosition="top"
          tooltipText="Return the text that was read, to which the offsets of quotes refer."
          hidden="{{ !extract_Advanced.value }}"
          value="false"
        />
        <Button
          id="extract_Run"
          loading="{{ extract_Query.isFetching || extract_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="ed0770d2"
            event="click"
            method="trigger"
            pluginId="extract_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="extract_Problem"
          description="{{ extract_Query.error || extract_Follow.error || extract_Answer.value?.detail }}"
          hidden={"{{ !(extract_Query.error || extract_Follow.error || (extract_Answer.value?.ok === false && !['queued', 'running'].includes(extract_Answer.value?.status) && !(extract_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="extract_GoesOn"
          description="{{ 'Its id is ' + extract_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(extract_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="extract_Waits"
          description="{{ extract_Answer.value?.detail + ' Decide on ' + extract_Answer.value?.review_url }}"
          hidden="{{ !(extract_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="extract_Result"
          disableMarkdown={true}
          value={"{{ extract_Answer.value?.ok && !['queued', 'running'].includes(extract_Answer.value?.status) && !extract_Query.error ? extract_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="extract_Values"
          hidden={"{{ !(extract_Answer.value?.ok && !['queued', 'running'].includes(extract_Answer.value?.status) && !extract_Query.error) }}"}
          value="{{ _.pick(extract_Answer.value, ['data', 'rows', 'not_found', 'confidence', 'evidence']) }}"
        />
        <Text
          id="extract_Bill"
          hidden={"{{ !(extract_Answer.value?.ok && !['queued', 'running'].includes(extract_Answer.value?.status) && !extract_Query.error) }}"}
          value="{{ (extract_Answer.value?.engine === 'local' ? 'embedded engine' : extract_Answer.value?.model) + ' · ' + (extract_Answer.value?.cost_usd === null ? 'price not known' : '$' + extract_Answer.value?.cost_usd) + ' · ' + extract_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="fd69b" label="Extract from a document" viewKey="extract_document">
        <Text
          id="extract_document_About"
          value="Reads the fields you name out of a PDF, a Word file or a scan, as typed values, with the page of each."
          verticalAlign="center"
        />
        <FileButton
          id="extract_document__file"
          text="File"
          tooltipText="A document (PDF, Word, Excel, PowerPoint, OpenDocument, RTF, EPUB, e-mail, text, HTML) or an image: its https address, a data URL, base64, or the file itself."
          required={true}
          _isUpgraded={true}
          maxCount={1}
          maxSize="20mb"
          styleVariant="outline"
        />
        <TextArea
          id="extract_document__fields"
          label="Fields"
          labelPosition="top"
          placeholder="total money: the amount to pay"
          tooltipText="One a line, as `name type: hint`. Types: text, number, integer, boolean, date, datetime, time, email, phone, url, money, percent, choice(a|b), list, rows(item text, price money). Without a type it is text."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="extract_document__pages"
          label="Pages"
          labelPosition="top"
          tooltipText="Which pages to read, such as 1-3, 7. Empty: all."
          value=""
          showClear={true}
        />
        <Switch
          id="extract_document__many_rows"
          label="Many rows"
          labelPosition="top"
          tooltipText="Give one row for each thing found, such as the items of an invoice, instead of one set of values."
          value="false"
        />
        <Switch id="extract_document_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="extract_document__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !extract_document_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="extract_document__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !extract_document_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="extract_document__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !extract_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="extract_document__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !extract_document_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="extract_document__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !extract_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="extract_document__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !extract_document_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="b9880" label="Off" value="off" />
          <Option id="34649" label="1 hour" value="1h" />
          <Option id="e7178" label="1 day" value="1d" />
          <Option id="aa7cb" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="extract_document__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !extract_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="extract_document__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !extract_document_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="45261" label="Never" value="never" />
          <Option id="20266" label="When a check failed" value="checks" />
          <Option id="d6f46" label="When unsure" value="unsure" />
          <Option id="30c34" label="Always" value="always" />
        </Select>
        <Select
          id="extract_document__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !extract_document_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="62c9f" label="Low" value="low" />
          <Option id="f39ec" label="Medium" value="medium" />
          <Option id="b35a5" label="High" value="high" />
        </Select>
        <TextInput
          id="extract_document__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !extract_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="extract_document__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !extract_document_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="extract_document__timezone"
          label="Time zone"
          labelPosition="top"
          tooltipText="The time zone of dates and times in the text that state none, such as Europe/Berlin. They are returned with its offset."
          hidden="{{ !extract_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextInput
          id="extract_document__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !extract_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="extract_document__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !extract_document_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="e2d9b" label="Standard" value="standard" />
          <Option id="2af2e" label="Strong" value="strong" />
          <Option id="885ab" label="Automatic" value="auto" />
        </Select>
        <Select
          id="extract_document__votes"
          label="Votes"
          labelPosition="top"
          tooltipText="How many calls to make. The value that most calls return is used, and the confidence is the share of calls that agree."
          hidden="{{ !extract_document_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="b4c2e" label="1" value="1" />
          <Option id="8fe76" label="3" value="3" />
          <Option id="b3207" label="5" value="5" />
        </Select>
        <Select
          id="extract_document__pictures"
          label="Pictures"
          labelPosition="top"
          tooltipText="What a model that sees images is shown of a document beside its text: what the text does not tell, such as scans, logos and charts; each page; or nothing."
          hidden="{{ !extract_document_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="d3ead" label="Automatic" value="auto" />
          <Option id="4363a" label="All pages" value="all" />
          <Option id="922a9" label="None" value="none" />
        </Select>
        <Select
          id="extract_document__ocr"
          label="OCR"
          labelPosition="top"
          tooltipText="Whether this server reads the words of scans and images itself: automatically where no model sees them, always, so that quotes from them can be verified, or never."
          hidden="{{ !extract_document_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="af6c7" label="Automatic" value="auto" />
          <Option id="b0bd4" label="Always" value="always" />
          <Option id="0f820" label="Off" value="off" />
        </Select>
        <Button
          id="extract_document_Run"
          loading="{{ extract_document_Query.isFetching || extract_document_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="6e61b181"
            event="click"
            method="trigger"
            pluginId="extract_document_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="extract_document_Problem"
          description="{{ extract_document_Query.error || extract_document_Follow.error || extract_document_Answer.value?.detail }}"
          hidden={"{{ !(extract_document_Query.error || extract_document_Follow.error || (extract_document_Answer.value?.ok === false && !['queued', 'running'].includes(extract_document_Answer.value?.status) && !(extract_document_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="extract_document_GoesOn"
          description="{{ 'Its id is ' + extract_document_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(extract_document_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="extract_document_Waits"
          description="{{ extract_document_Answer.value?.detail + ' Decide on ' + extract_document_Answer.value?.review_url }}"
          hidden="{{ !(extract_document_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="extract_document_Result"
          disableMarkdown={true}
          value={"{{ extract_document_Answer.value?.ok && !['queued', 'running'].includes(extract_document_Answer.value?.status) && !extract_document_Query.error ? extract_document_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="extract_document_Values"
          hidden={"{{ !(extract_document_Answer.value?.ok && !['queued', 'running'].includes(extract_document_Answer.value?.status) && !extract_document_Query.error) }}"}
          value="{{ _.pick(extract_document_Answer.value, ['data', 'rows', 'not_found', 'evidence', 'row_evidence', 'totals_match', 'page_count', 'coverage']) }}"
        />
        <Text
          id="extract_document_Bill"
          hidden={"{{ !(extract_document_Answer.value?.ok && !['queued', 'running'].includes(extract_document_Answer.value?.status) && !extract_document_Query.error) }}"}
          value="{{ (extract_document_Answer.value?.engine === 'local' ? 'embedded engine' : extract_document_Answer.value?.model) + ' · ' + (extract_document_Answer.value?.cost_usd === null ? 'price not known' : '$' + extract_document_Answer.value?.cost_usd) + ' · ' + extract_document_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="0702b" label="Extract a table" viewKey="extract_table">
        <Text
          id="extract_table_About"
          value="Reads a table out of a document or a text, as rows and as CSV, with the page of each row."
          verticalAlign="center"
        />
        <FileButton
          id="extract_table__file"
          text="File"
          tooltipText="A PDF, DOCX, XLSX, CSV, HTML file or an image: its https address, a data URL, base64, or the file itself."
          _isUpgraded={true}
          maxCount={1}
          maxSize="20mb"
          styleVariant="outline"
        />
        <TextArea
          id="extract_table__text"
          label="Text"
          labelPosition="top"
          tooltipText="Text with the table, typed here instead of sending a file."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="extract_table__columns"
          label="Columns"
          labelPosition="top"
          tooltipText="The columns to give, one a line. Empty: all columns of the table, by its own titles."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="extract_table__pages"
          label="Pages"
          labelPosition="top"
          tooltipText="Which pages to read, such as 1-3, 7. Empty: all."
          value=""
          showClear={true}
        />
        <Switch id="extract_table_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="extract_table__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !extract_table_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="extract_table__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !extract_table_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="extract_table__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !extract_table_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="extract_table__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !extract_table_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="extract_table__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !extract_table_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="extract_table__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !extract_table_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="56aa3" label="Off" value="off" />
          <Option id="1ce40" label="1 hour" value="1h" />
          <Option id="7357f" label="1 day" value="1d" />
          <Option id="fa4c6" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="extract_table__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !extract_table_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="extract_table__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !extract_table_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="42a8d" label="Never" value="never" />
          <Option id="6423a" label="When a check failed" value="checks" />
          <Option id="5c88f" label="When unsure" value="unsure" />
          <Option id="f30ec" label="Always" value="always" />
        </Select>
        <Select
          id="extract_table__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !extract_table_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="b26fe" label="Low" value="low" />
          <Option id="397af" label="Medium" value="medium" />
          <Option id="8686c" label="High" value="high" />
        </Select>
        <TextInput
          id="extract_table__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !extract_table_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="extract_table__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !extract_table_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="extract_table__timezone"
          label="Time zone"
          labelPosition="top"
          tooltipText="The time zone of dates and times in the text that state none, such as Europe/Berlin. They are returned with its offset."
          hidden="{{ !extract_table_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextInput
          id="extract_table__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !extract_table_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="extract_table__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !extract_table_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="9a0f5" label="Standard" value="standard" />
          <Option id="c6720" label="Strong" value="strong" />
          <Option id="f9e0a" label="Automatic" value="auto" />
        </Select>
        <Select
          id="extract_table__clean"
          label="Clean text"
          labelPosition="top"
          tooltipText="How a text is read that was sent as HTML, as the source of an e-mail or as JSON: automatically as clean text, or as it was sent."
          hidden="{{ !extract_table_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="65398" label="Automatic" value="auto" />
          <Option id="84b94" label="Off" value="off" />
        </Select>
        <Switch
          id="extract_table__read_text"
          label="Return the text"
          labelPosition="top"
          tooltipText="Return the text that was read, to which the offsets of quotes refer."
          hidden="{{ !extract_table_Advanced.value }}"
          value="false"
        />
        <Select
          id="extract_table__pictures"
          label="Pictures"
          labelPosition="top"
          tooltipText="What a model that sees images is shown of a document beside its text: what the text does not tell, such as scans, logos and charts; each page; or nothing."
          hidden="{{ !extract_table_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="10898" label="Automatic" value="auto" />
          <Option id="b7790" label="All pages" value="all" />
          <Option id="28cb0" label="None" value="none" />
        </Select>
        <Select
          id="extract_table__ocr"
          label="OCR"
          labelPosition="top"
          tooltipText="Whether this server reads the words of scans and images itself: automatically where no model sees them, always, so that quotes from them can be verified, or never."
          hidden="{{ !extract_table_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="381e3" label="Automatic" value="auto" />
          <Option id="1fec4" label="Always" value="always" />
          <Option id="3a2bc" label="Off" value="off" />
        </Select>
        <Button
          id="extract_table_Run"
          loading="{{ extract_table_Query.isFetching || extract_table_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="ebd457c6"
            event="click"
            method="trigger"
            pluginId="extract_table_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="extract_table_Problem"
          description="{{ extract_table_Query.error || extract_table_Follow.error || extract_table_Answer.value?.detail }}"
          hidden={"{{ !(extract_table_Query.error || extract_table_Follow.error || (extract_table_Answer.value?.ok === false && !['queued', 'running'].includes(extract_table_Answer.value?.status) && !(extract_table_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="extract_table_GoesOn"
          description="{{ 'Its id is ' + extract_table_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(extract_table_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="extract_table_Waits"
          description="{{ extract_table_Answer.value?.detail + ' Decide on ' + extract_table_Answer.value?.review_url }}"
          hidden="{{ !(extract_table_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="extract_table_Result"
          disableMarkdown={true}
          value={"{{ extract_table_Answer.value?.ok && !['queued', 'running'].includes(extract_table_Answer.value?.status) && !extract_table_Query.error ? extract_table_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="extract_table_Values"
          hidden={"{{ !(extract_table_Answer.value?.ok && !['queued', 'running'].includes(extract_table_Answer.value?.status) && !extract_table_Query.error) }}"}
          value="{{ _.pick(extract_table_Answer.value, ['lines', 'titles', 'columns_found', 'rows', 'csv', 'totals_match', 'evidence', 'page_count', 'coverage']) }}"
        />
        <Text
          id="extract_table_Bill"
          hidden={"{{ !(extract_table_Answer.value?.ok && !['queued', 'running'].includes(extract_table_Answer.value?.status) && !extract_table_Query.error) }}"}
          value="{{ (extract_table_Answer.value?.engine === 'local' ? 'embedded engine' : extract_table_Answer.value?.model) + ' · ' + (extract_table_Answer.value?.cost_usd === null ? 'price not known' : '$' + extract_table_Answer.value?.cost_usd) + ' · ' + extract_table_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="27626" label="Find keywords" viewKey="keywords">
        <Text
          id="keywords_About"
          value="Gives the words and names that a text is about, each with its number and place. Free, and nothing is sent to a model."
          verticalAlign="center"
        />
        <TextArea
          id="keywords__text"
          label="Text"
          labelPosition="top"
          tooltipText="The text to find keywords in."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <NumberInput
          id="keywords__max"
          label="How many"
          labelPosition="top"
          tooltipText="How many to give at most, the most important first."
          allowNull={true}
          showClear={true}
          min="1"
          max="100"
          value="10"
        />
        <Select
          id="keywords__kind"
          label="Kind"
          labelPosition="top"
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="terms"
        >
          <Option id="54ac8" label="Words and phrases" value="terms" />
          <Option id="f2d6c" label="Single words" value="words" />
          <Option id="292c4" label="Names only" value="names" />
        </Select>
        <Switch id="keywords_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="keywords__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !keywords_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="keywords__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !keywords_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="keywords__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !keywords_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="keywords__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !keywords_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="keywords__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !keywords_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="keywords__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !keywords_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="d0f97" label="Off" value="off" />
          <Option id="a9103" label="1 hour" value="1h" />
          <Option id="8e969" label="1 day" value="1d" />
          <Option id="4cb61" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="keywords__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !keywords_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="keywords__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !keywords_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="27b99" label="Never" value="never" />
          <Option id="061c8" label="When a check failed" value="checks" />
          <Option id="6858e" label="When unsure" value="unsure" />
          <Option id="39d08" label="Always" value="always" />
        </Select>
        <TextInput
          id="keywords__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !keywords_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Button
          id="keywords_Run"
          loading="{{ keywords_Query.isFetching || keywords_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="664dbb44"
            event="click"
            method="trigger"
            pluginId="keywords_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="keywords_Problem"
          description="{{ keywords_Query.error || keywords_Follow.error || keywords_Answer.value?.detail }}"
          hidden={"{{ !(keywords_Query.error || keywords_Follow.error || (keywords_Answer.value?.ok === false && !['queued', 'running'].includes(keywords_Answer.value?.status) && !(keywords_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="keywords_GoesOn"
          description="{{ 'Its id is ' + keywords_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(keywords_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="keywords_Waits"
          description="{{ keywords_Answer.value?.detail + ' Decide on ' + keywords_Answer.value?.review_url }}"
          hidden="{{ !(keywords_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="keywords_Result"
          disableMarkdown={true}
          value={"{{ keywords_Answer.value?.ok && !['queued', 'running'].includes(keywords_Answer.value?.status) && !keywords_Query.error ? keywords_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="keywords_Values"
          hidden={"{{ !(keywords_Answer.value?.ok && !['queued', 'running'].includes(keywords_Answer.value?.status) && !keywords_Query.error) }}"}
          value="{{ _.pick(keywords_Answer.value, ['terms', 'keywords', 'count']) }}"
        />
        <Text
          id="keywords_Bill"
          hidden={"{{ !(keywords_Answer.value?.ok && !['queued', 'running'].includes(keywords_Answer.value?.status) && !keywords_Query.error) }}"}
          value="{{ (keywords_Answer.value?.engine === 'local' ? 'embedded engine' : keywords_Answer.value?.model) + ' · ' + (keywords_Answer.value?.cost_usd === null ? 'price not known' : '$' + keywords_Answer.value?.cost_usd) + ' · ' + keywords_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="a70fb" label="Match records" viewKey="match_records">
        <Text
          id="match_records_About"
          value="Finds rows that are about the same person, company or thing, within one list or between two, and says why."
          verticalAlign="center"
        />
        <TextArea
          id="match_records__rows"
          label="Rows"
          labelPosition="top"
          tooltipText="A table as CSV with a line of titles, or as JSON: a list of objects. At most 10,000 rows."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="match_records__other"
          label="Other rows"
          labelPosition="top"
          tooltipText="A second list to match with the first. Empty: duplicates within the first."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="match_records__columns"
          label="Columns"
          labelPosition="top"
          tooltipText="What to compare, one a line, with a weight if one counts more: `email: 3`. Empty: all columns."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <NumberInput
          id="match_records__threshold"
          label="Lowest score"
          labelPosition="top"
          tooltipText="How alike rows must be, from 0 to 1. Rare values count more than frequent ones."
          allowNull={true}
          showClear={true}
          min="0.1"
          max="1"
          value="0.4"
        />
        <Switch id="match_records_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="match_records__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !match_records_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="match_records__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !match_records_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="match_records__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !match_records_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="match_records__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !match_records_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="match_records__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !match_records_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="match_records__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !match_records_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="7545c" label="Off" value="off" />
          <Option id="d085d" label="1 hour" value="1h" />
          <Option id="fa940" label="1 day" value="1d" />
          <Option id="41696" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="match_records__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !match_records_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="match_records__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !match_records_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="1006e" label="Never" value="never" />
          <Option id="2ba6b" label="When a check failed" value="checks" />
          <Option id="66bf5" label="When unsure" value="unsure" />
          <Option id="a270f" label="Always" value="always" />
        </Select>
        <TextInput
          id="match_records__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !match_records_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Button
          id="match_records_Run"
          loading="{{ match_records_Query.isFetching || match_records_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="765960b8"
            event="click"
            method="trigger"
            pluginId="match_records_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="match_records_Problem"
          description="{{ match_records_Query.error || match_records_Follow.error || match_records_Answer.value?.detail }}"
          hidden={"{{ !(match_records_Query.error || match_records_Follow.error || (match_records_Answer.value?.ok === false && !['queued', 'running'].includes(match_records_Answer.value?.status) && !(match_records_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="match_records_GoesOn"
          description="{{ 'Its id is ' + match_records_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(match_records_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="match_records_Waits"
          description="{{ match_records_Answer.value?.detail + ' Decide on ' + match_records_Answer.value?.review_url }}"
          hidden="{{ !(match_records_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="match_records_Result"
          disableMarkdown={true}
          value={"{{ match_records_Answer.value?.ok && !['queued', 'running'].includes(match_records_Answer.value?.status) && !match_records_Query.error ? match_records_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="match_records_Values"
          hidden={"{{ !(match_records_Answer.value?.ok && !['queued', 'running'].includes(match_records_Answer.value?.status) && !match_records_Query.error) }}"}
          value="{{ _.pick(match_records_Answer.value, ['pairs', 'groups', 'pair_count', 'row_count', 'matched_rows', 'single_rows', 'distinct_count']) }}"
        />
        <Text
          id="match_records_Bill"
          hidden={"{{ !(match_records_Answer.value?.ok && !['queued', 'running'].includes(match_records_Answer.value?.status) && !match_records_Query.error) }}"}
          value="{{ (match_records_Answer.value?.engine === 'local' ? 'embedded engine' : match_records_Answer.value?.model) + ' · ' + (match_records_Answer.value?.cost_usd === null ? 'price not known' : '$' + match_records_Answer.value?.cost_usd) + ' · ' + match_records_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="5dcc3" label="Moderate content" viewKey="moderate">
        <Text
          id="moderate_About"
          value="Decides whether a text or an image may be shown, by usual rules and your own, and says unchecked where it cannot tell."
          verticalAlign="center"
        />
        <Multiselect
          id="moderate__kinds"
          label="Look for"
          labelPosition="top"
          tooltipText="What to look for, one a line. Empty: all of it, or only your own rules where you give some."
          itemMode="static"
          showSelectionIndicator={true}
          wrapTags={true}
          emptyMessage="No options"
          value="{{ [] }}"
        >
          <Option id="8ea0f" label="Swear words" value="profanity" />
          <Option id="d422a" label="Insults or hate or threats" value="abuse" />
          <Option id="d316f" label="Sexual content" value="sexual" />
          <Option id="77303" label="Violence" value="violence" />
          <Option id="1a0c2" label="Self-harm" value="self_harm" />
          <Option id="e53eb" label="Passwords and keys" value="secrets" />
          <Option id="7be1a" label="Orders to an assistant" value="injection" />
        </Multiselect>
        <TextArea
          id="moderate__policies"
          label="Own rules"
          labelPosition="top"
          placeholder={"no links\nno medical advice"}
          tooltipText="What may not be in it, one a line, such as no links, no phone numbers, or no names of other shops."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <FileButton
          id="moderate__file"
          text="Image"
          tooltipText="Up to 5 images or documents: https addresses, one a line, data URLs, or the files themselves."
          _isUpgraded={true}
          maxCount={5}
          maxSize="20mb"
          styleVariant="outline"
        />
        <TextArea
          id="moderate__text"
          label="Text"
          labelPosition="top"
          tooltipText="Text to check, typed here instead of sending files."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <NumberInput
          id="moderate__review_from"
          label="Review from"
          labelPosition="top"
          tooltipText="The score, of 100, from which a person should look."
          allowNull={true}
          showClear={true}
          min="1"
          max="100"
          value="50"
        />
        <NumberInput
          id="moderate__block_from"
          label="Block from"
          labelPosition="top"
          tooltipText="The score, of 100, from which it is blocked."
          allowNull={true}
          showClear={true}
          min="1"
          max="100"
          value="80"
        />
        <Switch id="moderate_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="moderate__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !moderate_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="moderate__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !moderate_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="moderate__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !moderate_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="moderate__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !moderate_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="moderate__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !moderate_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="moderate__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !moderate_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="d4074" label="Off" value="off" />
          <Option id="cf166" label="1 hour" value="1h" />
          <Option id="80fd5" label="1 day" value="1d" />
          <Option id="07176" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="moderate__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !moderate_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="moderate__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !moderate_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="b1ddc" label="Never" value="never" />
          <Option id="55eb6" label="When a check failed" value="checks" />
          <Option id="317c1" label="When unsure" value="unsure" />
          <Option id="0a675" label="Always" value="always" />
        </Select>
        <Select
          id="moderate__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !moderate_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="27be3" label="Low" value="low" />
          <Option id="e20ac" label="Medium" value="medium" />
          <Option id="bdc57" label="High" value="high" />
        </Select>
        <TextInput
          id="moderate__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !moderate_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="moderate__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !moderate_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="moderate__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !moderate_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="9ff13" label="Standard" value="standard" />
          <Option id="4594e" label="Strong" value="strong" />
          <Option id="7f8ff" label="Automatic" value="auto" />
        </Select>
        <Select
          id="moderate__clean"
          label="Clean text"
          labelPosition="top"
          tooltipText="How a text is read that was sent as HTML, as the source of an e-mail or as JSON: automatically as clean text, or as it was sent."
          hidden="{{ !moderate_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="0eb98" label="Automatic" value="auto" />
          <Option id="62279" label="Off" value="off" />
        </Select>
        <Switch
          id="moderate__read_text"
          label="Return the text"
          labelPosition="top"
          tooltipText="Return the text that was read, to which the offsets of quotes refer."
          hidden="{{ !moderate_Advanced.value }}"
          value="false"
        />
        <Select
          id="moderate__pictures"
          label="Pictures"
          labelPosition="top"
          tooltipText="What a model that sees images is shown of a document beside its text: what the text does not tell, such as scans, logos and charts; each page; or nothing."
          hidden="{{ !moderate_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="50a24" label="Automatic" value="auto" />
          <Option id="c9ba8" label="All pages" value="all" />
          <Option id="bd073" label="None" value="none" />
        </Select>
        <Select
          id="moderate__ocr"
          label="OCR"
          labelPosition="top"
          tooltipText="Whether this server reads the words of scans and images itself: automatically where no model sees them, always, so that quotes from them can be verified, or never."
          hidden="{{ !moderate_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="b98a7" label="Automatic" value="auto" />
          <Option id="087b3" label="Always" value="always" />
          <Option id="3e974" label="Off" value="off" />
        </Select>
        <Button
          id="moderate_Run"
          loading="{{ moderate_Query.isFetching || moderate_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="31cb6b69"
            event="click"
            method="trigger"
            pluginId="moderate_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="moderate_Problem"
          description="{{ moderate_Query.error || moderate_Follow.error || moderate_Answer.value?.detail }}"
          hidden={"{{ !(moderate_Query.error || moderate_Follow.error || (moderate_Answer.value?.ok === false && !['queued', 'running'].includes(moderate_Answer.value?.status) && !(moderate_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="moderate_GoesOn"
          description="{{ 'Its id is ' + moderate_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(moderate_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="moderate_Waits"
          description="{{ moderate_Answer.value?.detail + ' Decide on ' + moderate_Answer.value?.review_url }}"
          hidden="{{ !(moderate_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="moderate_Result"
          disableMarkdown={true}
          value={"{{ moderate_Answer.value?.ok && !['queued', 'running'].includes(moderate_Answer.value?.status) && !moderate_Query.error ? moderate_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="moderate_Values"
          hidden={"{{ !(moderate_Answer.value?.ok && !['queued', 'running'].includes(moderate_Answer.value?.status) && !moderate_Query.error) }}"}
          value="{{ _.pick(moderate_Answer.value, ['decision', 'flagged', 'scores', 'unchecked', 'spans']) }}"
        />
        <Text
          id="moderate_Bill"
          hidden={"{{ !(moderate_Answer.value?.ok && !['queued', 'running'].includes(moderate_Answer.value?.status) && !moderate_Query.error) }}"}
          value="{{ (moderate_Answer.value?.engine === 'local' ? 'embedded engine' : moderate_Answer.value?.model) + ' · ' + (moderate_Answer.value?.cost_usd === null ? 'price not known' : '$' + moderate_Answer.value?.cost_usd) + ' · ' + moderate_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="d32ba" label="Normalize values" viewKey="normalize">
        <Text
          id="normalize_About"
          value="Writes dates, amounts, phone numbers, countries and other values in one form, and names those that can be read in two ways."
          verticalAlign="center"
        />
        <TextArea
          id="normalize__values"
          label="Values"
          labelPosition="top"
          tooltipText="The values, one a line, such as a column of a sheet. Empty lines stay."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="normalize__kind"
          label="Kind"
          labelPosition="top"
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="date"
        >
          <Option id="42bb7" label="Date" value="date" />
          <Option id="580ad" label="Number" value="number" />
          <Option id="ac044" label="Amount of money" value="money" />
          <Option id="a3229" label="Phone number" value="phone" />
          <Option id="f109c" label="Country" value="country" />
          <Option id="e446f" label="Quantity with a unit" value="unit" />
          <Option id="80f55" label="Name of a person" value="name" />
          <Option id="0427c" label="Postal address" value="address" />
          <Option id="d1fd8" label="E-mail address" value="email" />
          <Option id="698ad" label="Web address" value="url" />
          <Option id="a4044" label="One of my own list" value="list" />
        </Select>
        <Select
          id="normalize__order"
          label="Order of day and month"
          labelPosition="top"
          tooltipText="How dates such as 03/04/2026 are meant. Without it they are named as unclear."
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="unclear"
        >
          <Option id="ab70e" label="Not known" value="unclear" />
          <Option id="a2836" label="Day first" value="dmy" />
          <Option id="d739c" label="Month first" value="mdy" />
        </Select>
        <TextArea
          id="normalize__allowed"
          label="My own list"
          labelPosition="top"
          tooltipText="For the kind One of my own list: one a line, as `name: other spellings, divided by commas`."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Switch id="normalize_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="normalize__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !normalize_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="normalize__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !normalize_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="normalize__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !normalize_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="normalize__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !normalize_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="normalize__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !normalize_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="normalize__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !normalize_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="a8da3" label="Off" value="off" />
          <Option id="79017" label="1 hour" value="1h" />
          <Option id="d5f9d" label="1 day" value="1d" />
          <Option id="f3e7c" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="normalize__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !normalize_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="normalize__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !normalize_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="7809a" label="Never" value="never" />
          <Option id="25ba8" label="When a check failed" value="checks" />
          <Option id="8cac2" label="When unsure" value="unsure" />
          <Option id="5a7ac" label="Always" value="always" />
        </Select>
        <TextInput
          id="normalize__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !normalize_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Button
          id="normalize_Run"
          loading="{{ normalize_Query.isFetching || normalize_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="89b0aa8e"
            event="click"
            method="trigger"
            pluginId="normalize_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="normalize_Problem"
          description="{{ normalize_Query.error || normalize_Follow.error || normalize_Answer.value?.detail }}"
          hidden={"{{ !(normalize_Query.error || normalize_Follow.error || (normalize_Answer.value?.ok === false && !['queued', 'running'].includes(normalize_Answer.value?.status) && !(normalize_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="normalize_GoesOn"
          description="{{ 'Its id is ' + normalize_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(normalize_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="normalize_Waits"
          description="{{ normalize_Answer.value?.detail + ' Decide on ' + normalize_Answer.value?.review_url }}"
          hidden="{{ !(normalize_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="normalize_Result"
          disableMarkdown={true}
          value={"{{ normalize_Answer.value?.ok && !['queued', 'running'].includes(normalize_Answer.value?.status) && !normalize_Query.error ? normalize_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="normalize_Values"
          hidden={"{{ !(normalize_Answer.value?.ok && !['queued', 'running'].includes(normalize_Answer.value?.status) && !normalize_Query.error) }}"}
          value="{{ _.pick(normalize_Answer.value, ['rows', 'values_out', 'count', 'ambiguous', 'unreadable']) }}"
        />
        <Text
          id="normalize_Bill"
          hidden={"{{ !(normalize_Answer.value?.ok && !['queued', 'running'].includes(normalize_Answer.value?.status) && !normalize_Query.error) }}"}
          value="{{ (normalize_Answer.value?.engine === 'local' ? 'embedded engine' : normalize_Answer.value?.model) + ' · ' + (normalize_Answer.value?.cost_usd === null ? 'price not known' : '$' + normalize_Answer.value?.cost_usd) + ' · ' + normalize_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="e1bb4" label="Redact text" viewKey="redact">
        <Text
          id="redact_About"
          value="Replaces names, e-mail addresses, card numbers and other personal data in a text. Nothing is sent to a model."
          verticalAlign="center"
        />
        <TextArea
          id="redact__text"
          label="Text"
          labelPosition="top"
          tooltipText="The text in which to replace personal data."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Multiselect
          id="redact__kinds"
          label="Kinds"
          labelPosition="top"
          tooltipText="What to replace, one a line. Empty: all but web addresses."
          itemMode="static"
          showSelectionIndicator={true}
          wrapTags={true}
          emptyMessage="No options"
          value="{{ [] }}"
        >
          <Option id="f9563" label="Names" value="names" />
          <Option id="adc7a" label="E-mail addresses" value="emails" />
          <Option id="3500f" label="Phone numbers" value="phones" />
          <Option id="ab641" label="Postal addresses" value="addresses" />
          <Option id="f27c7" label="Dates of birth" value="birthdates" />
          <Option id="27080" label="Card numbers" value="cards" />
          <Option id="39804" label="Bank accounts" value="ibans" />
          <Option id="2f073" label="Personal and tax numbers" value="ids" />
          <Option id="c1ac7" label="IP addresses" value="ips" />
          <Option id="483c9" label="Passwords and keys" value="secrets" />
          <Option id="9aebf" label="Web addresses" value="urls" />
        </Multiselect>
        <Select
          id="redact__mode"
          label="Replace by"
          labelPosition="top"
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="label"
        >
          <Option id="eb173" label="Labels ([PERSON_1])" value="label" />
          <Option id="37566" label="Stars" value="mask" />
          <Option id="e7edc" label="The same label each time" value="hash" />
          <Option id="86264" label="Labels that Restore can undo" value="token" />
        </Select>
        <TextArea
          id="redact__also"
          label="Also replace"
          labelPosition="top"
          tooltipText="Words of your own, one a line, or a name with a pattern: `customer number = KD-####`, where # is a digit and ? a letter."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="redact__keep"
          label="Keep"
          labelPosition="top"
          tooltipText="What to leave as it is, one a line, such as your company's own number."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="redact__secret"
          label="Secret"
          labelPosition="top"
          tooltipText="Words of your own, needed for labels that stay the same or can be undone. At least 8 characters."
          value=""
          showClear={true}
        />
        <Switch id="redact_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="redact__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !redact_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="redact__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !redact_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="redact__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !redact_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="redact__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !redact_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="redact__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !redact_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="redact__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !redact_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="4355c" label="Off" value="off" />
          <Option id="a7999" label="1 hour" value="1h" />
          <Option id="d7d2e" label="1 day" value="1d" />
          <Option id="587ab" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="redact__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !redact_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="redact__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !redact_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="38554" label="Never" value="never" />
          <Option id="7738f" label="When a check failed" value="checks" />
          <Option id="ee9f9" label="When unsure" value="unsure" />
          <Option id="9dfa9" label="Always" value="always" />
        </Select>
        <TextInput
          id="redact__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !redact_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Button
          id="redact_Run"
          loading="{{ redact_Query.isFetching || redact_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="e0916b26"
            event="click"
            method="trigger"
            pluginId="redact_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="redact_Problem"
          description="{{ redact_Query.error || redact_Follow.error || redact_Answer.value?.detail }}"
          hidden={"{{ !(redact_Query.error || redact_Follow.error || (redact_Answer.value?.ok === false && !['queued', 'running'].includes(redact_Answer.value?.status) && !(redact_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="redact_GoesOn"
          description="{{ 'Its id is ' + redact_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(redact_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="redact_Waits"
          description="{{ redact_Answer.value?.detail + ' Decide on ' + redact_Answer.value?.review_url }}"
          hidden="{{ !(redact_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="redact_Result"
          disableMarkdown={true}
          value={"{{ redact_Answer.value?.ok && !['queued', 'running'].includes(redact_Answer.value?.status) && !redact_Query.error ? redact_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="redact_Values"
          hidden={"{{ !(redact_Answer.value?.ok && !['queued', 'running'].includes(redact_Answer.value?.status) && !redact_Query.error) }}"}
          value="{{ _.pick(redact_Answer.value, ['text_out', 'spans', 'count', 'kinds_found', 'token']) }}"
        />
        <Text
          id="redact_Bill"
          hidden={"{{ !(redact_Answer.value?.ok && !['queued', 'running'].includes(redact_Answer.value?.status) && !redact_Query.error) }}"}
          value="{{ (redact_Answer.value?.engine === 'local' ? 'embedded engine' : redact_Answer.value?.model) + ' · ' + (redact_Answer.value?.cost_usd === null ? 'price not known' : '$' + redact_Answer.value?.cost_usd) + ' · ' + redact_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="59f00" label="Write a report" viewKey="report">
        <Text
          id="report_About"
          value="Computes sums, averages, shares and changes of a table, and writes them as a report. Every number is computed, none is guessed."
          verticalAlign="center"
        />
        <TextArea
          id="report__rows"
          label="Rows"
          labelPosition="top"
          tooltipText="A table as CSV with a line of titles, or as JSON: a list of objects. At most 20,000 rows."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="report__metrics"
          label="Metrics"
          labelPosition="top"
          tooltipText="What to compute, one a line, such as: Revenue = sum of amount. Empty: the rows are counted and columns of numbers are summed."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="report__group_by"
          label="Group by"
          labelPosition="top"
          tooltipText="A column, such as region. Empty: totals only."
          value=""
          showClear={true}
        />
        <Select
          id="report__period"
          label="Period"
          labelPosition="top"
          tooltipText="The last period is reported and compared with the one before."
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="none"
        >
          <Option id="19314" label="None" value="none" />
          <Option id="2febc" label="Day" value="day" />
          <Option id="d6661" label="Week" value="week" />
          <Option id="9b45c" label="Month" value="month" />
          <Option id="6caee" label="Quarter" value="quarter" />
          <Option id="7f9e8" label="Year" value="year" />
        </Select>
        <TextInput
          id="report__date_column"
          label="Date column"
          labelPosition="top"
          tooltipText="Needed for a period only where several columns have dates."
          value=""
          showClear={true}
        />
        <TextArea
          id="report__sections"
          label="Sections"
          labelPosition="top"
          tooltipText="Your own text, one section a line, such as Sales: We sold for {Revenue}, {Revenue change}. Empty: tables."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Switch id="report_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="report__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !report_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="report__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !report_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="report__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !report_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="report__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !report_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="report__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !report_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="report__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !report_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="d35ef" label="Off" value="off" />
          <Option id="84da8" label="1 hour" value="1h" />
          <Option id="82512" label="1 day" value="1d" />
          <Option id="a85f3" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="report__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !report_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="report__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !report_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="53810" label="Never" value="never" />
          <Option id="2b05c" label="When a check failed" value="checks" />
          <Option id="d7935" label="When unsure" value="unsure" />
          <Option id="fde3e" label="Always" value="always" />
        </Select>
        <TextInput
          id="report__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !report_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Button
          id="report_Run"
          loading="{{ report_Query.isFetching || report_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="5a035a94"
            event="click"
            method="trigger"
            pluginId="report_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="report_Problem"
          description="{{ report_Query.error || report_Follow.error || report_Answer.value?.detail }}"
          hidden={"{{ !(report_Query.error || report_Follow.error || (report_Answer.value?.ok === false && !['queued', 'running'].includes(report_Answer.value?.status) && !(report_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="report_GoesOn"
          description="{{ 'Its id is ' + report_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(report_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="report_Waits"
          description="{{ report_Answer.value?.detail + ' Decide on ' + report_Answer.value?.review_url }}"
          hidden="{{ !(report_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="report_Result"
          disableMarkdown={true}
          value={"{{ report_Answer.value?.ok && !['queued', 'running'].includes(report_Answer.value?.status) && !report_Query.error ? report_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="report_Values"
          hidden={"{{ !(report_Answer.value?.ok && !['queued', 'running'].includes(report_Answer.value?.status) && !report_Query.error) }}"}
          value="{{ _.pick(report_Answer.value, ['report_markdown', 'numbers', 'csv', 'row_count', 'period_name', 'notes']) }}"
        />
        <Text
          id="report_Bill"
          hidden={"{{ !(report_Answer.value?.ok && !['queued', 'running'].includes(report_Answer.value?.status) && !report_Query.error) }}"}
          value="{{ (report_Answer.value?.engine === 'local' ? 'embedded engine' : report_Answer.value?.model) + ' · ' + (report_Answer.value?.cost_usd === null ? 'price not known' : '$' + report_Answer.value?.cost_usd) + ' · ' + report_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="95796" label="Restore text" viewKey="restore">
        <Text
          id="restore_About"
          value="Puts personal data back where Redact replaced it, such as in the answer of a model. Nothing is sent to a model."
          verticalAlign="center"
        />
        <TextArea
          id="restore__text"
          label="Text"
          labelPosition="top"
          tooltipText="The text with labels such as [PERSON_1a2b3c4d]."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="restore__token"
          label="Token"
          labelPosition="top"
          tooltipText="The token that Redact gave with these labels."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="restore__secret"
          label="Secret"
          labelPosition="top"
          tooltipText="The secret that Redact was given."
          required={true}
          value=""
          showClear={true}
        />
        <Switch id="restore_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="restore__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !restore_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="restore__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !restore_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="restore__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !restore_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="restore__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !restore_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="restore__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !restore_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="restore__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !restore_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="202af" label="Off" value="off" />
          <Option id="8ac39" label="1 hour" value="1h" />
          <Option id="7ab3d" label="1 day" value="1d" />
          <Option id="bedeb" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="restore__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !restore_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="restore__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !restore_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="cdfea" label="Never" value="never" />
          <Option id="0e629" label="When a check failed" value="checks" />
          <Option id="f63a0" label="When unsure" value="unsure" />
          <Option id="39017" label="Always" value="always" />
        </Select>
        <TextInput
          id="restore__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !restore_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Button
          id="restore_Run"
          loading="{{ restore_Query.isFetching || restore_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="26281138"
            event="click"
            method="trigger"
            pluginId="restore_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="restore_Problem"
          description="{{ restore_Query.error || restore_Follow.error || restore_Answer.value?.detail }}"
          hidden={"{{ !(restore_Query.error || restore_Follow.error || (restore_Answer.value?.ok === false && !['queued', 'running'].includes(restore_Answer.value?.status) && !(restore_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="restore_GoesOn"
          description="{{ 'Its id is ' + restore_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(restore_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="restore_Waits"
          description="{{ restore_Answer.value?.detail + ' Decide on ' + restore_Answer.value?.review_url }}"
          hidden="{{ !(restore_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="restore_Result"
          disableMarkdown={true}
          value={"{{ restore_Answer.value?.ok && !['queued', 'running'].includes(restore_Answer.value?.status) && !restore_Query.error ? restore_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="restore_Values"
          hidden={"{{ !(restore_Answer.value?.ok && !['queued', 'running'].includes(restore_Answer.value?.status) && !restore_Query.error) }}"}
          value="{{ _.pick(restore_Answer.value, ['text_out', 'restored', 'unknown', 'unused']) }}"
        />
        <Text
          id="restore_Bill"
          hidden={"{{ !(restore_Answer.value?.ok && !['queued', 'running'].includes(restore_Answer.value?.status) && !restore_Query.error) }}"}
          value="{{ (restore_Answer.value?.engine === 'local' ? 'embedded engine' : restore_Answer.value?.model) + ' · ' + (restore_Answer.value?.cost_usd === null ? 'price not known' : '$' + restore_Answer.value?.cost_usd) + ' · ' + restore_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="cbdaa" label="Rewrite text" viewKey="rewrite">
        <Text
          id="rewrite_About"
          value="Corrects, simplifies, shortens or rephrases a text, and proves that its numbers, dates, names and links are unchanged."
          verticalAlign="center"
        />
        <TextArea
          id="rewrite__text"
          label="Text"
          labelPosition="top"
          tooltipText="The text to rewrite."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="rewrite__goal"
          label="Goal"
          labelPosition="top"
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="fix"
        >
          <Option id="4b77f" label="Correct mistakes" value="fix" />
          <Option id="7b4a5" label="Simplify" value="simplify" />
          <Option id="704d2" label="Shorten" value="shorten" />
          <Option id="6f0c8" label="Change the tone" value="tone" />
        </Select>
        <TextInput
          id="rewrite__tone"
          label="Tone"
          labelPosition="top"
          tooltipText="How it should sound, such as friendly, formal or confident."
          value=""
          showClear={true}
        />
        <NumberInput
          id="rewrite__max_words"
          label="Words at most"
          labelPosition="top"
          allowNull={true}
          showClear={true}
          min="5"
          max="10000"
          value="{{ null }}"
        />
        <TextArea
          id="rewrite__must_keep"
          label="Must keep"
          labelPosition="top"
          tooltipText="Words or sentences that stay word for word, one a line."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Switch id="rewrite_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="rewrite__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !rewrite_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="rewrite__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !rewrite_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="rewrite__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !rewrite_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="rewrite__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !rewrite_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="rewrite__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !rewrite_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="rewrite__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !rewrite_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="31fc9" label="Off" value="off" />
          <Option id="7b4a9" label="1 hour" value="1h" />
          <Option id="c6289" label="1 day" value="1d" />
          <Option id="e3483" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="rewrite__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !rewrite_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="rewrite__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !rewrite_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="44ecd" label="Never" value="never" />
          <Option id="63166" label="When a check failed" value="checks" />
          <Option id="20e91" label="When unsure" value="unsure" />
          <Option id="1885f" label="Always" value="always" />
        </Select>
        <Select
          id="rewrite__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !rewrite_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="40a2a" label="Low" value="low" />
          <Option id="ae460" label="Medium" value="medium" />
          <Option id="e61bc" label="High" value="high" />
        </Select>
        <TextInput
          id="rewrite__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !rewrite_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="rewrite__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !rewrite_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="rewrite__timezone"
          label="Time zone"
          labelPosition="top"
          tooltipText="The time zone of dates and times in the text that state none, such as Europe/Berlin. They are returned with its offset."
          hidden="{{ !rewrite_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextInput
          id="rewrite__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !rewrite_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="rewrite__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !rewrite_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="76883" label="Standard" value="standard" />
          <Option id="6bb80" label="Strong" value="strong" />
          <Option id="72562" label="Automatic" value="auto" />
        </Select>
        <TextInput
          id="rewrite__previous_run"
          label="Previous run"
          labelPosition="top"
          tooltipText="The id of an earlier run of this action, to get a new version of its text. Fields left empty keep their earlier values."
          hidden="{{ !rewrite_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="rewrite__feedback"
          label="Feedback"
          labelPosition="top"
          tooltipText="What to change in the new version, such as: shorter, and mention the date."
          hidden="{{ !rewrite_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="rewrite__clean"
          label="Clean text"
          labelPosition="top"
          tooltipText="How a text is read that was sent as HTML, as the source of an e-mail or as JSON: automatically as clean text, or as it was sent."
          hidden="{{ !rewrite_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="c27fb" label="Automatic" value="auto" />
          <Option id="8b460" label="Off" value="off" />
        </Select>
        <Switch
          id="rewrite__read_text"
          label="Return the text"
          labelPosition="top"
          tooltipText="Return the text that was read, to which the offsets of quotes refer."
          hidden="{{ !rewrite_Advanced.value }}"
          value="false"
        />
        <Button
          id="rewrite_Run"
          loading="{{ rewrite_Query.isFetching || rewrite_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="4adacdac"
            event="click"
            method="trigger"
            pluginId="rewrite_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="rewrite_Problem"
          description="{{ rewrite_Query.error || rewrite_Follow.error || rewrite_Answer.value?.detail }}"
          hidden={"{{ !(rewrite_Query.error || rewrite_Follow.error || (rewrite_Answer.value?.ok === false && !['queued', 'running'].includes(rewrite_Answer.value?.status) && !(rewrite_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="rewrite_GoesOn"
          description="{{ 'Its id is ' + rewrite_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(rewrite_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="rewrite_Waits"
          description="{{ rewrite_Answer.value?.detail + ' Decide on ' + rewrite_Answer.value?.review_url }}"
          hidden="{{ !(rewrite_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="rewrite_Result"
          disableMarkdown={true}
          value={"{{ rewrite_Answer.value?.ok && !['queued', 'running'].includes(rewrite_Answer.value?.status) && !rewrite_Query.error ? rewrite_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="rewrite_Values"
          hidden={"{{ !(rewrite_Answer.value?.ok && !['queued', 'running'].includes(rewrite_Answer.value?.status) && !rewrite_Query.error) }}"}
          value="{{ _.pick(rewrite_Answer.value, ['text_out', 'changes', 'numbers_kept', 'left_out', 'added', 'negations_changed', 'missing', 'word_count', 'words_over']) }}"
        />
        <Text
          id="rewrite_Bill"
          hidden={"{{ !(rewrite_Answer.value?.ok && !['queued', 'running'].includes(rewrite_Answer.value?.status) && !rewrite_Query.error) }}"}
          value="{{ (rewrite_Answer.value?.engine === 'local' ? 'embedded engine' : rewrite_Answer.value?.model) + ' · ' + (rewrite_Answer.value?.cost_usd === null ? 'price not known' : '$' + rewrite_Answer.value?.cost_usd) + ' · ' + rewrite_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="b0b51" label="Tell the sentiment" viewKey="sentiment">
        <Text
          id="sentiment_About"
          value="Says whether a text is positive, neutral or negative, and what it says of each aspect you name, with a quote."
          verticalAlign="center"
        />
        <TextArea
          id="sentiment__text"
          label="Text"
          labelPosition="top"
          tooltipText="The text to judge, such as a review, a message or a comment."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="sentiment__aspects"
          label="Aspects"
          labelPosition="top"
          placeholder={"price\ndelivery\nservice"}
          tooltipText="What else to judge, one a line, such as price, delivery and service. Empty: only the text as a whole."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="sentiment__scale"
          label="Scale"
          labelPosition="top"
          tooltipText="Three steps are positive, neutral and negative; five have very positive and very negative too."
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="three"
        >
          <Option id="0d99d" label="Three steps" value="three" />
          <Option id="c4929" label="Five steps" value="five" />
        </Select>
        <Switch id="sentiment_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="sentiment__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !sentiment_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="sentiment__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !sentiment_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="sentiment__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !sentiment_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="sentiment__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !sentiment_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="sentiment__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !sentiment_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="sentiment__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !sentiment_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="562ad" label="Off" value="off" />
          <Option id="02251" label="1 hour" value="1h" />
          <Option id="a4353" label="1 day" value="1d" />
          <Option id="7a70f" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="sentiment__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !sentiment_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="sentiment__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !sentiment_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="09f48" label="Never" value="never" />
          <Option id="e42a3" label="When a check failed" value="checks" />
          <Option id="af848" label="When unsure" value="unsure" />
          <Option id="960b7" label="Always" value="always" />
        </Select>
        <Select
          id="sentiment__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !sentiment_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="b7641" label="Low" value="low" />
          <Option id="2faa4" label="Medium" value="medium" />
          <Option id="de14e" label="High" value="high" />
        </Select>
        <TextInput
          id="sentiment__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !sentiment_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="sentiment__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !sentiment_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="sentiment__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !sentiment_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="3aaf7" label="Standard" value="standard" />
          <Option id="69d87" label="Strong" value="strong" />
          <Option id="f3005" label="Automatic" value="auto" />
        </Select>
        <Select
          id="sentiment__clean"
          label="Clean text"
          labelPosition="top"
          tooltipText="How a text is read that was sent as HTML, as the source of an e-mail or as JSON: automatically as clean text, or as it was sent."
          hidden="{{ !sentiment_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="3eabe" label="Automatic" value="auto" />
          <Option id="ce386" label="Off" value="off" />
        </Select>
        <Switch
          id="sentiment__read_text"
          label="Return the text"
          labelPosition="top"
          tooltipText="Return the text that was read, to which the offsets of quotes refer."
          hidden="{{ !sentiment_Advanced.value }}"
          value="false"
        />
        <Button
          id="sentiment_Run"
          loading="{{ sentiment_Query.isFetching || sentiment_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="0d77b664"
            event="click"
            method="trigger"
            pluginId="sentiment_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="sentiment_Problem"
          description="{{ sentiment_Query.error || sentiment_Follow.error || sentiment_Answer.value?.detail }}"
          hidden={"{{ !(sentiment_Query.error || sentiment_Follow.error || (sentiment_Answer.value?.ok === false && !['queued', 'running'].includes(sentiment_Answer.value?.status) && !(sentiment_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="sentiment_GoesOn"
          description="{{ 'Its id is ' + sentiment_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(sentiment_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="sentiment_Waits"
          description="{{ sentiment_Answer.value?.detail + ' Decide on ' + sentiment_Answer.value?.review_url }}"
          hidden="{{ !(sentiment_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="sentiment_Result"
          disableMarkdown={true}
          value={"{{ sentiment_Answer.value?.ok && !['queued', 'running'].includes(sentiment_Answer.value?.status) && !sentiment_Query.error ? sentiment_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="sentiment_Values"
          hidden={"{{ !(sentiment_Answer.value?.ok && !['queued', 'running'].includes(sentiment_Answer.value?.status) && !sentiment_Query.error) }}"}
          value="{{ _.pick(sentiment_Answer.value, ['sentiment', 'score', 'mixed', 'confidence', 'aspects', 'evidence']) }}"
        />
        <Text
          id="sentiment_Bill"
          hidden={"{{ !(sentiment_Answer.value?.ok && !['queued', 'running'].includes(sentiment_Answer.value?.status) && !sentiment_Query.error) }}"}
          value="{{ (sentiment_Answer.value?.engine === 'local' ? 'embedded engine' : sentiment_Answer.value?.model) + ' · ' + (sentiment_Answer.value?.cost_usd === null ? 'price not known' : '$' + sentiment_Answer.value?.cost_usd) + ' · ' + sentiment_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="2c2f3" label="Summarize text" viewKey="summarize">
        <Text
          id="summarize_About"
          value="Says what a text says, shorter, as a paragraph, as bullets or as one line."
          verticalAlign="center"
        />
        <TextArea
          id="summarize__text"
          label="Text"
          labelPosition="top"
          tooltipText="The text to summarize."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="summarize__length"
          label="Length"
          labelPosition="top"
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="short"
        >
          <Option id="4cdb7" label="Short" value="short" />
          <Option id="bf3d7" label="Medium" value="medium" />
          <Option id="e63dd" label="Long" value="long" />
        </Select>
        <Select
          id="summarize__format"
          label="Format"
          labelPosition="top"
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="paragraph"
        >
          <Option id="905db" label="Paragraph" value="paragraph" />
          <Option id="a51af" label="Bullets" value="bullets" />
          <Option id="dac30" label="One line" value="tldr" />
        </Select>
        <TextInput
          id="summarize__audience"
          label="Audience"
          labelPosition="top"
          tooltipText="Who will read it, such as new customers or the board."
          value=""
          showClear={true}
        />
        <TextInput
          id="summarize__focus"
          label="Focus"
          labelPosition="top"
          tooltipText="What matters most, such as prices or dates."
          value=""
          showClear={true}
        />
        <Switch id="summarize_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="summarize__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !summarize_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="summarize__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !summarize_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="summarize__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !summarize_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="summarize__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !summarize_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="summarize__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !summarize_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="summarize__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !summarize_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="cc0f0" label="Off" value="off" />
          <Option id="9c4cc" label="1 hour" value="1h" />
          <Option id="c40a6" label="1 day" value="1d" />
          <Option id="a2d4f" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="summarize__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !summarize_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="summarize__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !summarize_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="1a59c" label="Never" value="never" />
          <Option id="d1edc" label="When a check failed" value="checks" />
          <Option id="d931d" label="When unsure" value="unsure" />
          <Option id="3c726" label="Always" value="always" />
        </Select>
        <Select
          id="summarize__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !summarize_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="adb47" label="Low" value="low" />
          <Option id="8612d" label="Medium" value="medium" />
          <Option id="e554f" label="High" value="high" />
        </Select>
        <TextInput
          id="summarize__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !summarize_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="summarize__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !summarize_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="summarize__timezone"
          label="Time zone"
          labelPosition="top"
          tooltipText="The time zone of dates and times in the text that state none, such as Europe/Berlin. They are returned with its offset."
          hidden="{{ !summarize_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextInput
          id="summarize__region"
          label="Region"
          labelPosition="top"
          tooltipText="The country of the text, such as DE or US: for phone numbers without a country code, dates such as 03/04, and the currency of a bare $."
          hidden="{{ !summarize_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="summarize__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !summarize_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="ea17c" label="Standard" value="standard" />
          <Option id="9ee18" label="Strong" value="strong" />
          <Option id="1f03b" label="Automatic" value="auto" />
        </Select>
        <TextInput
          id="summarize__previous_run"
          label="Previous run"
          labelPosition="top"
          tooltipText="The id of an earlier run of this action, to get a new version of its text. Fields left empty keep their earlier values."
          hidden="{{ !summarize_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="summarize__feedback"
          label="Feedback"
          labelPosition="top"
          tooltipText="What to change in the new version, such as: shorter, and mention the date."
          hidden="{{ !summarize_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="summarize__clean"
          label="Clean text"
          labelPosition="top"
          tooltipText="How a text is read that was sent as HTML, as the source of an e-mail or as JSON: automatically as clean text, or as it was sent."
          hidden="{{ !summarize_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="84f09" label="Automatic" value="auto" />
          <Option id="4fe1a" label="Off" value="off" />
        </Select>
        <Switch
          id="summarize__read_text"
          label="Return the text"
          labelPosition="top"
          tooltipText="Return the text that was read, to which the offsets of quotes refer."
          hidden="{{ !summarize_Advanced.value }}"
          value="false"
        />
        <Button
          id="summarize_Run"
          loading="{{ summarize_Query.isFetching || summarize_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="d341a1ba"
            event="click"
            method="trigger"
            pluginId="summarize_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="summarize_Problem"
          description="{{ summarize_Query.error || summarize_Follow.error || summarize_Answer.value?.detail }}"
          hidden={"{{ !(summarize_Query.error || summarize_Follow.error || (summarize_Answer.value?.ok === false && !['queued', 'running'].includes(summarize_Answer.value?.status) && !(summarize_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="summarize_GoesOn"
          description="{{ 'Its id is ' + summarize_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(summarize_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="summarize_Waits"
          description="{{ summarize_Answer.value?.detail + ' Decide on ' + summarize_Answer.value?.review_url }}"
          hidden="{{ !(summarize_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="summarize_Result"
          disableMarkdown={true}
          value={"{{ summarize_Answer.value?.ok && !['queued', 'running'].includes(summarize_Answer.value?.status) && !summarize_Query.error ? summarize_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="summarize_Values"
          hidden={"{{ !(summarize_Answer.value?.ok && !['queued', 'running'].includes(summarize_Answer.value?.status) && !summarize_Query.error) }}"}
          value="{{ _.pick(summarize_Answer.value, ['summary', 'bullets', 'word_count']) }}"
        />
        <Text
          id="summarize_Bill"
          hidden={"{{ !(summarize_Answer.value?.ok && !['queued', 'running'].includes(summarize_Answer.value?.status) && !summarize_Query.error) }}"}
          value="{{ (summarize_Answer.value?.engine === 'local' ? 'embedded engine' : summarize_Answer.value?.model) + ' · ' + (summarize_Answer.value?.cost_usd === null ? 'price not known' : '$' + summarize_Answer.value?.cost_usd) + ' · ' + summarize_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="19eea" label="Translate text" viewKey="translate">
        <Text
          id="translate_About"
          value="Translates a text with your glossary. Placeholders, tags, web addresses and numbers are taken out before, put back after, and counted."
          verticalAlign="center"
        />
        <TextArea
          id="translate__text"
          label="Text"
          labelPosition="top"
          tooltipText="The text to translate, also with HTML, placeholders or as a file of translations in JSON."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextInput
          id="translate__to"
          label="Translate to"
          labelPosition="top"
          placeholder="German"
          tooltipText="The language, such as German or Brazilian Portuguese."
          required={true}
          value=""
          showClear={true}
        />
        <TextInput
          id="translate__from"
          label="Translate from"
          labelPosition="top"
          tooltipText="The language of the text. Empty: it is recognised."
          value=""
          showClear={true}
        />
        <Select
          id="translate__formality"
          label="Form of address"
          labelPosition="top"
          tooltipText="How the reader is addressed, where the language has such forms."
          itemMode="static"
          showClear={false}
          showSelectionIndicator={true}
          emptyMessage="No options"
          value="automatic"
        >
          <Option id="9a2f7" label="As the text does" value="automatic" />
          <Option id="aa3c4" label="Formal" value="formal" />
          <Option id="49f3b" label="Informal" value="informal" />
        </Select>
        <TextArea
          id="translate__glossary"
          label="Glossary"
          labelPosition="top"
          placeholder="invoice: Rechnung"
          tooltipText="Terms that must be translated in one way, one a line, as `term: translation`. A term alone stays as it is."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="translate__keep"
          label="Keep"
          labelPosition="top"
          tooltipText="Words that stay as they are, one a line, such as names of products."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Switch id="translate_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="translate__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !translate_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="translate__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !translate_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="translate__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !translate_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="translate__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !translate_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="translate__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !translate_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="translate__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !translate_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="61734" label="Off" value="off" />
          <Option id="e3731" label="1 hour" value="1h" />
          <Option id="2d115" label="1 day" value="1d" />
          <Option id="0c81c" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="translate__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !translate_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="translate__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !translate_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="89a46" label="Never" value="never" />
          <Option id="98d8e" label="When a check failed" value="checks" />
          <Option id="22acd" label="When unsure" value="unsure" />
          <Option id="995da" label="Always" value="always" />
        </Select>
        <Select
          id="translate__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !translate_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="4124c" label="Low" value="low" />
          <Option id="d95d9" label="Medium" value="medium" />
          <Option id="7ead9" label="High" value="high" />
        </Select>
        <TextArea
          id="translate__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !translate_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="translate__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !translate_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="9a742" label="Standard" value="standard" />
          <Option id="0c5bb" label="Strong" value="strong" />
          <Option id="36b2a" label="Automatic" value="auto" />
        </Select>
        <TextInput
          id="translate__previous_run"
          label="Previous run"
          labelPosition="top"
          tooltipText="The id of an earlier run of this action, to get a new version of its text. Fields left empty keep their earlier values."
          hidden="{{ !translate_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="translate__feedback"
          label="Feedback"
          labelPosition="top"
          tooltipText="What to change in the new version, such as: shorter, and mention the date."
          hidden="{{ !translate_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Button
          id="translate_Run"
          loading="{{ translate_Query.isFetching || translate_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="00f2a729"
            event="click"
            method="trigger"
            pluginId="translate_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="translate_Problem"
          description="{{ translate_Query.error || translate_Follow.error || translate_Answer.value?.detail }}"
          hidden={"{{ !(translate_Query.error || translate_Follow.error || (translate_Answer.value?.ok === false && !['queued', 'running'].includes(translate_Answer.value?.status) && !(translate_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="translate_GoesOn"
          description="{{ 'Its id is ' + translate_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(translate_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="translate_Waits"
          description="{{ translate_Answer.value?.detail + ' Decide on ' + translate_Answer.value?.review_url }}"
          hidden="{{ !(translate_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="translate_Result"
          disableMarkdown={true}
          value={"{{ translate_Answer.value?.ok && !['queued', 'running'].includes(translate_Answer.value?.status) && !translate_Query.error ? translate_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="translate_Values"
          hidden={"{{ !(translate_Answer.value?.ok && !['queued', 'running'].includes(translate_Answer.value?.status) && !translate_Query.error) }}"}
          value="{{ _.pick(translate_Answer.value, ['translation', 'detected', 'placeholders_ok', 'placeholder_errors', 'glossary_misses']) }}"
        />
        <Text
          id="translate_Bill"
          hidden={"{{ !(translate_Answer.value?.ok && !['queued', 'running'].includes(translate_Answer.value?.status) && !translate_Query.error) }}"}
          value="{{ (translate_Answer.value?.engine === 'local' ? 'embedded engine' : translate_Answer.value?.model) + ' · ' + (translate_Answer.value?.cost_usd === null ? 'price not known' : '$' + translate_Answer.value?.cost_usd) + ' · ' + translate_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
      <View id="3966d" label="Triage a message" viewKey="triage">
        <Text
          id="triage_About"
          value="Sorts a message into category, priority and team, with its language, mood, what is missing and a draft from your facts. Your rules beat the model."
          verticalAlign="center"
        />
        <TextArea
          id="triage__message"
          label="Message"
          labelPosition="top"
          tooltipText="The message to sort, such as an e-mail or a ticket."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="triage__categories"
          label="Categories"
          labelPosition="top"
          placeholder="billing: invoices, payments and refunds"
          tooltipText="One a line, as `name: when it fits`. Names alone may be divided by commas."
          required={true}
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="triage__teams"
          label="Teams"
          labelPosition="top"
          tooltipText="Who can take care of it, one a line, with what they do."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="triage__rules"
          label="Your rules"
          labelPosition="top"
          placeholder="if outage -> urgent"
          tooltipText="What always holds, whatever a model thinks, one a line: words and the priority, category or team that they decide."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="triage__known_issues"
          label="Known issues"
          labelPosition="top"
          tooltipText="What others reported already, one a line, such as open tickets with their titles."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <TextArea
          id="triage__facts"
          label="Facts"
          labelPosition="top"
          tooltipText="What a reply may state. Without facts there is no draft."
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Switch id="triage_Advanced" label="Advanced options" value="false" />
        <NumberInput
          id="triage__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or stopped, before it costs more."
          hidden="{{ !triage_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="1000000"
          value="{{ null }}"
        />
        <Switch
          id="triage__dry_run"
          label="Dry run"
          labelPosition="top"
          tooltipText="Call no model and spend nothing: show the request that would be sent, its tokens, its usual and its maximum cost."
          hidden="{{ !triage_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="triage__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that identifies this step, such as an order number. The same key returns the same run for 24 hours."
          hidden="{{ !triage_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="triage__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 for not at all. The run then continues, and you get its id."
          hidden="{{ !triage_Advanced.value }}"
          allowNull={true}
          showClear={true}
          min="0"
          max="100"
          value="{{ null }}"
        />
        <TextInput
          id="triage__callback_url"
          label="Callback URL"
          labelPosition="top"
          tooltipText="An https URL to which the answer is also sent when the run has ended."
          hidden="{{ !triage_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="triage__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long an earlier answer to the same request may be reused, free of charge. Off by default."
          hidden="{{ !triage_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="8a604" label="Off" value="off" />
          <Option id="16a6d" label="1 hour" value="1h" />
          <Option id="7d8c3" label="1 day" value="1d" />
          <Option id="0188d" label="7 days" value="7d" />
        </Select>
        <TextInput
          id="triage__tag"
          label="Tag"
          labelPosition="top"
          tooltipText="A label to find this run by, such as a customer or a campaign."
          hidden="{{ !triage_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="triage__review"
          label="Review"
          labelPosition="top"
          tooltipText="Which answers wait until a person has accepted or corrected them: none; where a check failed; where the confidence is below 0.8 or nothing was found; all."
          hidden="{{ !triage_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="5d07b" label="Never" value="never" />
          <Option id="5fe37" label="When a check failed" value="checks" />
          <Option id="058b2" label="When unsure" value="unsure" />
          <Option id="01ce3" label="Always" value="always" />
        </Select>
        <Select
          id="triage__effort"
          label="Effort"
          labelPosition="top"
          tooltipText="How long the model may think. More effort costs more and takes longer."
          hidden="{{ !triage_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="784fa" label="Low" value="low" />
          <Option id="220b8" label="Medium" value="medium" />
          <Option id="7678a" label="High" value="high" />
        </Select>
        <TextInput
          id="triage__language"
          label="Language"
          labelPosition="top"
          tooltipText="The language to answer in, such as English or Deutsch. Empty: the language of the text."
          hidden="{{ !triage_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="triage__instructions"
          label="Extra instructions"
          labelPosition="top"
          tooltipText="Anything the model should also know or do, in your own words."
          hidden="{{ !triage_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
        <Select
          id="triage__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic calls the stronger one only if the first answer is uncertain or invalid."
          hidden="{{ !triage_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="dc1a5" label="Standard" value="standard" />
          <Option id="7d61b" label="Strong" value="strong" />
          <Option id="b3e85" label="Automatic" value="auto" />
        </Select>
        <Select
          id="triage__votes"
          label="Votes"
          labelPosition="top"
          tooltipText="How many calls to make. The value that most calls return is used, and the confidence is the share of calls that agree."
          hidden="{{ !triage_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="474a3" label="1" value="1" />
          <Option id="1ecb7" label="3" value="3" />
          <Option id="bfd3b" label="5" value="5" />
        </Select>
        <Select
          id="triage__clean"
          label="Clean text"
          labelPosition="top"
          tooltipText="How a text is read that was sent as HTML, as the source of an e-mail or as JSON: automatically as clean text, or as it was sent."
          hidden="{{ !triage_Advanced.value }}"
          itemMode="static"
          showClear={true}
          showSelectionIndicator={true}
          emptyMessage="No options"
        >
          <Option id="e0495" label="Automatic" value="auto" />
          <Option id="a074c" label="Off" value="off" />
        </Select>
        <Switch
          id="triage__read_text"
          label="Return the text"
          labelPosition="top"
          tooltipText="Return the text that was read, to which the offsets of quotes refer."
          hidden="{{ !triage_Advanced.value }}"
          value="false"
        />
        <Button
          id="triage_Run"
          loading="{{ triage_Query.isFetching || triage_Follow.isFetching }}"
          text="Run"
        >
          <Event
            id="aa717555"
            event="click"
            method="trigger"
            pluginId="triage_Query"
            type="datasource"
            params={{ ordered: [] }}
            waitMs="0"
            waitType="debounce"
          />
        </Button>
        <Alert
          id="triage_Problem"
          description="{{ triage_Query.error || triage_Follow.error || triage_Answer.value?.detail }}"
          hidden={"{{ !(triage_Query.error || triage_Follow.error || (triage_Answer.value?.ok === false && !['queued', 'running'].includes(triage_Answer.value?.status) && !(triage_Answer.value?.status === 'needs_review'))) }}"}
          title="No answer"
          type="error"
        />
        <Alert
          id="triage_GoesOn"
          description="{{ 'Its id is ' + triage_Answer.value?.id + '; its answer will appear here.' }}"
          hidden="{{ !['queued', 'running'].includes(triage_Answer.value?.status) }}"
          title="The run continues"
          type="info"
        />
        <Alert
          id="triage_Waits"
          description="{{ triage_Answer.value?.detail + ' Decide on ' + triage_Answer.value?.review_url }}"
          hidden="{{ !(triage_Answer.value?.status === 'needs_review') }}"
          title="A person decides first"
          type="warning"
        />
        <Text
          id="triage_Result"
          disableMarkdown={true}
          value={"{{ triage_Answer.value?.ok && !['queued', 'running'].includes(triage_Answer.value?.status) && !triage_Query.error ? triage_Answer.value.result : 'The answer will appear here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="triage_Values"
          hidden={"{{ !(triage_Answer.value?.ok && !['queued', 'running'].includes(triage_Answer.value?.status) && !triage_Query.error) }}"}
          value="{{ _.pick(triage_Answer.value, ['category', 'priority', 'team', 'language', 'sentiment', 'is_spam', 'missing_info', 'summary', 'duplicate_of', 'draft', 'reason', 'rules_applied', 'unsupported']) }}"
        />
        <Text
          id="triage_Bill"
          hidden={"{{ !(triage_Answer.value?.ok && !['queued', 'running'].includes(triage_Answer.value?.status) && !triage_Query.error) }}"}
          value="{{ (triage_Answer.value?.engine === 'local' ? 'embedded engine' : triage_Answer.value?.model) + ' · ' + (triage_Answer.value?.cost_usd === null ? 'price not known' : '$' + triage_Answer.value?.cost_usd) + ' · ' + triage_Answer.value?.duration_ms / 1000 + ' s' }}"
          verticalAlign="center"
        />
      </View>
    </Container>
  </Frame>
</App>
