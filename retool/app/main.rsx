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
          <Option id="d0feb" value="Answer with tools" />
          <Option id="92e2f" value="Classify text" />
          <Option id="29dee" value="Extract fields" />
          <Option id="8b1d8" value="Summarize text" />
        </Tabs>
      </Header>
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
        </Multiselect>
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
          value="{{ _.pick(extract_Answer.value, ['data', 'rows', 'not_found', 'evidence']) }}"
        />
        <Text
          id="extract_Bill"
          hidden={"{{ !(extract_Answer.value?.ok && !['queued', 'running'].includes(extract_Answer.value?.status) && !extract_Query.error) }}"}
          value="{{ (extract_Answer.value?.engine === 'local' ? 'embedded engine' : extract_Answer.value?.model) + ' · ' + (extract_Answer.value?.cost_usd === null ? 'price not known' : '$' + extract_Answer.value?.cost_usd) + ' · ' + extract_Answer.value?.duration_ms / 1000 + ' s' }}"
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
