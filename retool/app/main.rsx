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
          <Option id="92e2f" label="Classify text" value="classify" />
          <Option id="29dee" label="Extract fields" value="extract" />
          <Option id="cdfe7" label="Extract from a document" value="extract_document" />
          <Option id="8b1d8" label="Summarize text" value="summarize" />
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
          tooltipText="Up to 5 photos, PDF, DOCX or text files: https addresses, one a line, data URLs, or the files themselves."
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
        <Select
          id="action_items__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic asks the stronger one only where the first is not sure or not valid."
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
        <NumberInput
          id="action_items__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or ends, before it costs more."
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
          tooltipText="Ask nobody and spend nothing: show the request that would be sent, its tokens and the most it can cost."
          hidden="{{ !action_items_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="action_items__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that names this step once, such as an order's number. The same key gives the same run for 24 hours."
          hidden="{{ !action_items_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="action_items__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 not at all. The run then goes on, and you have its id."
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
          tooltipText="An https address that the answer is also sent to once the run has ended."
          hidden="{{ !action_items_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="action_items__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long the same request may be answered from before, free. Off unless you choose it."
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
          tooltipText="A word of yours to find this run by, such as a customer or a campaign."
          hidden="{{ !action_items_Advanced.value }}"
          value=""
          showClear={true}
        />
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
          hidden="{{ !(action_items_Query.error || action_items_Follow.error || action_items_Answer.value?.ok === false) }}"
          title="No answer"
          type="error"
        />
        <Alert
          id="action_items_GoesOn"
          description="{{ 'It has the id ' + action_items_Answer.value?.id + '; its answer will stand here.' }}"
          hidden="{{ !['queued', 'running'].includes(action_items_Answer.value?.status) }}"
          title="The run goes on"
          type="info"
        />
        <Text
          id="action_items_Result"
          disableMarkdown={true}
          value={"{{ action_items_Answer.value?.ok && !['queued', 'running'].includes(action_items_Answer.value?.status) && !action_items_Query.error ? action_items_Answer.value.result : 'The answer will stand here.' }}"}
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
          tooltipText="A PDF, DOCX, TXT, CSV, HTML file or an image: its https address, a data URL, base64, or the file itself."
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
        <Select
          id="analyze_document__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic asks the stronger one only where the first is not sure or not valid."
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
        <NumberInput
          id="analyze_document__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or ends, before it costs more."
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
          tooltipText="Ask nobody and spend nothing: show the request that would be sent, its tokens and the most it can cost."
          hidden="{{ !analyze_document_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="analyze_document__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that names this step once, such as an order's number. The same key gives the same run for 24 hours."
          hidden="{{ !analyze_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="analyze_document__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 not at all. The run then goes on, and you have its id."
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
          tooltipText="An https address that the answer is also sent to once the run has ended."
          hidden="{{ !analyze_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="analyze_document__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long the same request may be answered from before, free. Off unless you choose it."
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
          tooltipText="A word of yours to find this run by, such as a customer or a campaign."
          hidden="{{ !analyze_document_Advanced.value }}"
          value=""
          showClear={true}
        />
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
          hidden="{{ !(analyze_document_Query.error || analyze_document_Follow.error || analyze_document_Answer.value?.ok === false) }}"
          title="No answer"
          type="error"
        />
        <Alert
          id="analyze_document_GoesOn"
          description="{{ 'It has the id ' + analyze_document_Answer.value?.id + '; its answer will stand here.' }}"
          hidden="{{ !['queued', 'running'].includes(analyze_document_Answer.value?.status) }}"
          title="The run goes on"
          type="info"
        />
        <Text
          id="analyze_document_Result"
          disableMarkdown={true}
          value={"{{ analyze_document_Answer.value?.ok && !['queued', 'running'].includes(analyze_document_Answer.value?.status) && !analyze_document_Query.error ? analyze_document_Answer.value.result : 'The answer will stand here.' }}"}
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
        <Select
          id="analyze_image__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic asks the stronger one only where the first is not sure or not valid."
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
        <NumberInput
          id="analyze_image__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or ends, before it costs more."
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
          tooltipText="Ask nobody and spend nothing: show the request that would be sent, its tokens and the most it can cost."
          hidden="{{ !analyze_image_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="analyze_image__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that names this step once, such as an order's number. The same key gives the same run for 24 hours."
          hidden="{{ !analyze_image_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="analyze_image__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 not at all. The run then goes on, and you have its id."
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
          tooltipText="An https address that the answer is also sent to once the run has ended."
          hidden="{{ !analyze_image_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="analyze_image__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long the same request may be answered from before, free. Off unless you choose it."
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
          tooltipText="A word of yours to find this run by, such as a customer or a campaign."
          hidden="{{ !analyze_image_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextInput
          id="analyze_image__previous_run"
          label="Previous run"
          labelPosition="top"
          tooltipText="The id of an earlier run of this action, to get a new version of its text. Fields left empty stay as they were."
          hidden="{{ !analyze_image_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="analyze_image__feedback"
          label="Feedback"
          labelPosition="top"
          tooltipText="What the new version should do otherwise, such as: shorter, and name the date."
          hidden="{{ !analyze_image_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
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
          hidden="{{ !(analyze_image_Query.error || analyze_image_Follow.error || analyze_image_Answer.value?.ok === false) }}"
          title="No answer"
          type="error"
        />
        <Alert
          id="analyze_image_GoesOn"
          description="{{ 'It has the id ' + analyze_image_Answer.value?.id + '; its answer will stand here.' }}"
          hidden="{{ !['queued', 'running'].includes(analyze_image_Answer.value?.status) }}"
          title="The run goes on"
          type="info"
        />
        <Text
          id="analyze_image_Result"
          disableMarkdown={true}
          value={"{{ analyze_image_Answer.value?.ok && !['queued', 'running'].includes(analyze_image_Answer.value?.status) && !analyze_image_Query.error ? analyze_image_Answer.value.result : 'The answer will stand here.' }}"}
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
          tooltipText="Up to 20 PDF, DOCX, TXT, CSV, HTML files or images: https addresses, one a line, data URLs, or the files themselves."
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
        <Select
          id="answer__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic asks the stronger one only where the first is not sure or not valid."
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
        <NumberInput
          id="answer__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or ends, before it costs more."
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
          tooltipText="Ask nobody and spend nothing: show the request that would be sent, its tokens and the most it can cost."
          hidden="{{ !answer_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="answer__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that names this step once, such as an order's number. The same key gives the same run for 24 hours."
          hidden="{{ !answer_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="answer__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 not at all. The run then goes on, and you have its id."
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
          tooltipText="An https address that the answer is also sent to once the run has ended."
          hidden="{{ !answer_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="answer__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long the same request may be answered from before, free. Off unless you choose it."
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
          tooltipText="A word of yours to find this run by, such as a customer or a campaign."
          hidden="{{ !answer_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextInput
          id="answer__previous_run"
          label="Previous run"
          labelPosition="top"
          tooltipText="The id of an earlier run of this action, to get a new version of its text. Fields left empty stay as they were."
          hidden="{{ !answer_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="answer__feedback"
          label="Feedback"
          labelPosition="top"
          tooltipText="What the new version should do otherwise, such as: shorter, and name the date."
          hidden="{{ !answer_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
        />
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
          hidden="{{ !(answer_Query.error || answer_Follow.error || answer_Answer.value?.ok === false) }}"
          title="No answer"
          type="error"
        />
        <Alert
          id="answer_GoesOn"
          description="{{ 'It has the id ' + answer_Answer.value?.id + '; its answer will stand here.' }}"
          hidden="{{ !['queued', 'running'].includes(answer_Answer.value?.status) }}"
          title="The run goes on"
          type="info"
        />
        <Text
          id="answer_Result"
          disableMarkdown={true}
          value={"{{ answer_Answer.value?.ok && !['queued', 'running'].includes(answer_Answer.value?.status) && !answer_Query.error ? answer_Answer.value.result : 'The answer will stand here.' }}"}
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
        <Select
          id="answer_with_tools__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic asks the stronger one only where the first is not sure or not valid."
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
        <NumberInput
          id="answer_with_tools__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or ends, before it costs more."
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
          tooltipText="Ask nobody and spend nothing: show the request that would be sent, its tokens and the most it can cost."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="answer_with_tools__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that names this step once, such as an order's number. The same key gives the same run for 24 hours."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="answer_with_tools__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 not at all. The run then goes on, and you have its id."
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
          tooltipText="An https address that the answer is also sent to once the run has ended."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="answer_with_tools__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long the same request may be answered from before, free. Off unless you choose it."
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
          tooltipText="A word of yours to find this run by, such as a customer or a campaign."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextInput
          id="answer_with_tools__previous_run"
          label="Previous run"
          labelPosition="top"
          tooltipText="The id of an earlier run of this action, to get a new version of its text. Fields left empty stay as they were."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="answer_with_tools__feedback"
          label="Feedback"
          labelPosition="top"
          tooltipText="What the new version should do otherwise, such as: shorter, and name the date."
          hidden="{{ !answer_with_tools_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
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
          hidden="{{ !(answer_with_tools_Query.error || answer_with_tools_Follow.error || answer_with_tools_Answer.value?.ok === false) }}"
          title="No answer"
          type="error"
        />
        <Alert
          id="answer_with_tools_GoesOn"
          description="{{ 'It has the id ' + answer_with_tools_Answer.value?.id + '; its answer will stand here.' }}"
          hidden="{{ !['queued', 'running'].includes(answer_with_tools_Answer.value?.status) }}"
          title="The run goes on"
          type="info"
        />
        <Text
          id="answer_with_tools_Result"
          disableMarkdown={true}
          value={"{{ answer_with_tools_Answer.value?.ok && !['queued', 'running'].includes(answer_with_tools_Answer.value?.status) && !answer_with_tools_Query.error ? answer_with_tools_Answer.value.result : 'The answer will stand here.' }}"}
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
          tooltipText="One a line, as `name: when it fits`. The description may be left out, but it helps."
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
        <Switch id="classify_Advanced" label="Advanced options" value="false" />
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
          tooltipText="Which model answers. Automatic asks the stronger one only where the first is not sure or not valid."
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
        <NumberInput
          id="classify__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or ends, before it costs more."
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
          tooltipText="Ask nobody and spend nothing: show the request that would be sent, its tokens and the most it can cost."
          hidden="{{ !classify_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="classify__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that names this step once, such as an order's number. The same key gives the same run for 24 hours."
          hidden="{{ !classify_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="classify__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 not at all. The run then goes on, and you have its id."
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
          tooltipText="An https address that the answer is also sent to once the run has ended."
          hidden="{{ !classify_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="classify__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long the same request may be answered from before, free. Off unless you choose it."
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
          tooltipText="A word of yours to find this run by, such as a customer or a campaign."
          hidden="{{ !classify_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="classify__votes"
          label="Votes"
          labelPosition="top"
          tooltipText="How often to ask. A value counts that most calls gave, and the confidence is the share of them that agree."
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
          hidden="{{ !(classify_Query.error || classify_Follow.error || classify_Answer.value?.ok === false) }}"
          title="No answer"
          type="error"
        />
        <Alert
          id="classify_GoesOn"
          description="{{ 'It has the id ' + classify_Answer.value?.id + '; its answer will stand here.' }}"
          hidden="{{ !['queued', 'running'].includes(classify_Answer.value?.status) }}"
          title="The run goes on"
          type="info"
        />
        <Text
          id="classify_Result"
          disableMarkdown={true}
          value={"{{ classify_Answer.value?.ok && !['queued', 'running'].includes(classify_Answer.value?.status) && !classify_Query.error ? classify_Answer.value.result : 'The answer will stand here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="classify_Values"
          hidden={"{{ !(classify_Answer.value?.ok && !['queued', 'running'].includes(classify_Answer.value?.status) && !classify_Query.error) }}"}
          value="{{ _.pick(classify_Answer.value, ['category', 'categories', 'matched', 'confidence', 'reason', 'runner_up']) }}"
        />
        <Text
          id="classify_Bill"
          hidden={"{{ !(classify_Answer.value?.ok && !['queued', 'running'].includes(classify_Answer.value?.status) && !classify_Query.error) }}"}
          value="{{ (classify_Answer.value?.engine === 'local' ? 'embedded engine' : classify_Answer.value?.model) + ' · ' + (classify_Answer.value?.cost_usd === null ? 'price not known' : '$' + classify_Answer.value?.cost_usd) + ' · ' + classify_Answer.value?.duration_ms / 1000 + ' s' }}"
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
          tooltipText="One a line, as `name type: hint`. Types: text, number, integer, boolean, date, datetime, time, email, phone, url, money, percent, choice(a|b), list. Without a type it is text."
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
        <Select
          id="extract__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic asks the stronger one only where the first is not sure or not valid."
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
        <NumberInput
          id="extract__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or ends, before it costs more."
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
          tooltipText="Ask nobody and spend nothing: show the request that would be sent, its tokens and the most it can cost."
          hidden="{{ !extract_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="extract__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that names this step once, such as an order's number. The same key gives the same run for 24 hours."
          hidden="{{ !extract_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="extract__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 not at all. The run then goes on, and you have its id."
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
          tooltipText="An https address that the answer is also sent to once the run has ended."
          hidden="{{ !extract_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="extract__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long the same request may be answered from before, free. Off unless you choose it."
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
          tooltipText="A word of yours to find this run by, such as a customer or a campaign."
          hidden="{{ !extract_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="extract__votes"
          label="Votes"
          labelPosition="top"
          tooltipText="How often to ask. A value counts that most calls gave, and the confidence is the share of them that agree."
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
          hidden="{{ !(extract_Query.error || extract_Follow.error || extract_Answer.value?.ok === false) }}"
          title="No answer"
          type="error"
        />
        <Alert
          id="extract_GoesOn"
          description="{{ 'It has the id ' + extract_Answer.value?.id + '; its answer will stand here.' }}"
          hidden="{{ !['queued', 'running'].includes(extract_Answer.value?.status) }}"
          title="The run goes on"
          type="info"
        />
        <Text
          id="extract_Result"
          disableMarkdown={true}
          value={"{{ extract_Answer.value?.ok && !['queued', 'running'].includes(extract_Answer.value?.status) && !extract_Query.error ? extract_Answer.value.result : 'The answer will stand here.' }}"}
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
          tooltipText="A PDF, DOCX, TXT, CSV, HTML file or an image: its https address, a data URL, base64, or the file itself."
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
          tooltipText="One a line, as `name type: hint`. Types: text, number, integer, boolean, date, datetime, time, email, phone, url, money, percent, choice(a|b), list. Without a type it is text."
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
        <Switch id="extract_document_Advanced" label="Advanced options" value="false" />
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
        <Select
          id="extract_document__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic asks the stronger one only where the first is not sure or not valid."
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
        <NumberInput
          id="extract_document__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or ends, before it costs more."
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
          tooltipText="Ask nobody and spend nothing: show the request that would be sent, its tokens and the most it can cost."
          hidden="{{ !extract_document_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="extract_document__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that names this step once, such as an order's number. The same key gives the same run for 24 hours."
          hidden="{{ !extract_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="extract_document__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 not at all. The run then goes on, and you have its id."
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
          tooltipText="An https address that the answer is also sent to once the run has ended."
          hidden="{{ !extract_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="extract_document__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long the same request may be answered from before, free. Off unless you choose it."
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
          tooltipText="A word of yours to find this run by, such as a customer or a campaign."
          hidden="{{ !extract_document_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="extract_document__votes"
          label="Votes"
          labelPosition="top"
          tooltipText="How often to ask. A value counts that most calls gave, and the confidence is the share of them that agree."
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
          hidden="{{ !(extract_document_Query.error || extract_document_Follow.error || extract_document_Answer.value?.ok === false) }}"
          title="No answer"
          type="error"
        />
        <Alert
          id="extract_document_GoesOn"
          description="{{ 'It has the id ' + extract_document_Answer.value?.id + '; its answer will stand here.' }}"
          hidden="{{ !['queued', 'running'].includes(extract_document_Answer.value?.status) }}"
          title="The run goes on"
          type="info"
        />
        <Text
          id="extract_document_Result"
          disableMarkdown={true}
          value={"{{ extract_document_Answer.value?.ok && !['queued', 'running'].includes(extract_document_Answer.value?.status) && !extract_document_Query.error ? extract_document_Answer.value.result : 'The answer will stand here.' }}"}
          verticalAlign="center"
        />
        <JSONExplorer
          id="extract_document_Values"
          hidden={"{{ !(extract_document_Answer.value?.ok && !['queued', 'running'].includes(extract_document_Answer.value?.status) && !extract_document_Query.error) }}"}
          value="{{ _.pick(extract_document_Answer.value, ['data', 'not_found', 'evidence', 'page_count', 'coverage']) }}"
        />
        <Text
          id="extract_document_Bill"
          hidden={"{{ !(extract_document_Answer.value?.ok && !['queued', 'running'].includes(extract_document_Answer.value?.status) && !extract_document_Query.error) }}"}
          value="{{ (extract_document_Answer.value?.engine === 'local' ? 'embedded engine' : extract_document_Answer.value?.model) + ' · ' + (extract_document_Answer.value?.cost_usd === null ? 'price not known' : '$' + extract_document_Answer.value?.cost_usd) + ' · ' + extract_document_Answer.value?.duration_ms / 1000 + ' s' }}"
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
        <Select
          id="summarize__quality"
          label="Quality"
          labelPosition="top"
          tooltipText="Which model answers. Automatic asks the stronger one only where the first is not sure or not valid."
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
        <NumberInput
          id="summarize__max_cost_usd"
          label="Max cost (US dollars)"
          labelPosition="top"
          tooltipText="The most this run may cost, such as 0.05. It is refused, or ends, before it costs more."
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
          tooltipText="Ask nobody and spend nothing: show the request that would be sent, its tokens and the most it can cost."
          hidden="{{ !summarize_Advanced.value }}"
          value="false"
        />
        <TextInput
          id="summarize__idempotency_key"
          label="Idempotency key"
          labelPosition="top"
          tooltipText="Any text that names this step once, such as an order's number. The same key gives the same run for 24 hours."
          hidden="{{ !summarize_Advanced.value }}"
          value=""
          showClear={true}
        />
        <NumberInput
          id="summarize__wait_seconds"
          label="Wait (seconds)"
          labelPosition="top"
          tooltipText="How long to wait for the answer: 25 if empty, 0 not at all. The run then goes on, and you have its id."
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
          tooltipText="An https address that the answer is also sent to once the run has ended."
          hidden="{{ !summarize_Advanced.value }}"
          value=""
          showClear={true}
        />
        <Select
          id="summarize__cache"
          label="Cache"
          labelPosition="top"
          tooltipText="How long the same request may be answered from before, free. Off unless you choose it."
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
          tooltipText="A word of yours to find this run by, such as a customer or a campaign."
          hidden="{{ !summarize_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextInput
          id="summarize__previous_run"
          label="Previous run"
          labelPosition="top"
          tooltipText="The id of an earlier run of this action, to get a new version of its text. Fields left empty stay as they were."
          hidden="{{ !summarize_Advanced.value }}"
          value=""
          showClear={true}
        />
        <TextArea
          id="summarize__feedback"
          label="Feedback"
          labelPosition="top"
          tooltipText="What the new version should do otherwise, such as: shorter, and name the date."
          hidden="{{ !summarize_Advanced.value }}"
          value=""
          minLines={4}
          maxLines="8"
          autoResize={true}
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
          hidden="{{ !(summarize_Query.error || summarize_Follow.error || summarize_Answer.value?.ok === false) }}"
          title="No answer"
          type="error"
        />
        <Alert
          id="summarize_GoesOn"
          description="{{ 'It has the id ' + summarize_Answer.value?.id + '; its answer will stand here.' }}"
          hidden="{{ !['queued', 'running'].includes(summarize_Answer.value?.status) }}"
          title="The run goes on"
          type="info"
        />
        <Text
          id="summarize_Result"
          disableMarkdown={true}
          value={"{{ summarize_Answer.value?.ok && !['queued', 'running'].includes(summarize_Answer.value?.status) && !summarize_Query.error ? summarize_Answer.value.result : 'The answer will stand here.' }}"}
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
    </Container>
  </Frame>
</App>
