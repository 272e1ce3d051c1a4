<GlobalFunctions>
  <RESTQuery
    id="answer_with_tools_Query"
    body={'[{"key":"question","value":"{{ answer_with_tools__question.value }}"},{"key":"context","value":"{{ answer_with_tools__context.value }}"},{"key":"tools","value":"{{ answer_with_tools__tools.value }}"},{"key":"require_tool","value":"{{ answer_with_tools__require_tool.value }}"},{"key":"max_steps","value":"{{ answer_with_tools__max_steps.value }}"},{"key":"effort","value":"{{ answer_with_tools__effort.value }}"},{"key":"language","value":"{{ answer_with_tools__language.value }}"},{"key":"instructions","value":"{{ answer_with_tools__instructions.value }}"},{"key":"max_cost_usd","value":"{{ answer_with_tools__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ answer_with_tools__dry_run.value }}"},{"key":"idempotency_key","value":"{{ answer_with_tools__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ answer_with_tools__wait_seconds.value }}"},{"key":"callback_url","value":"{{ answer_with_tools__callback_url.value }}"},{"key":"cache","value":"{{ answer_with_tools__cache.value }}"},{"key":"tag","value":"{{ answer_with_tools__tag.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/answer_with_tools"
    type="POST"
    enableErrorTransformer={true}
    errorTransformer="return data.detail || data.error"
    notificationDuration={4.5}
    queryTimeout="120000"
    resourceDisplayName="Formcall"
    resourceName="00000000-0000-4000-8000-000000000000"
    resourceTypeOverride=""
    runWhenModelUpdates={false}
    showSuccessToaster={false}
  >
    <Event
      id="b9fe6fb5"
      event="success"
      method="trigger"
      pluginId="answer_with_tools_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(answer_with_tools_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="answer_with_tools_Follow"
    query="v1/runs/{{ answer_with_tools_Query.data.id }}?wait_seconds=20"
    type="GET"
    enableErrorTransformer={true}
    errorTransformer="return data.detail || data.error"
    notificationDuration={4.5}
    queryTimeout="60000"
    resourceDisplayName="Formcall"
    resourceName="00000000-0000-4000-8000-000000000000"
    resourceTypeOverride=""
    runWhenModelUpdates={false}
    showSuccessToaster={false}
  >
    <Event
      id="a686ef0d"
      event="success"
      method="trigger"
      pluginId="answer_with_tools_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(answer_with_tools_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="answer_with_tools_Answer"
    funcBody={include("./lib/answer_with_tools_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="classify_Query"
    body={'[{"key":"text","value":"{{ classify__text.value }}"},{"key":"categories","value":"{{ classify__categories.value }}"},{"key":"multiple","value":"{{ classify__multiple.value }}"},{"key":"examples","value":"{{ classify__examples.value }}"},{"key":"effort","value":"{{ classify__effort.value }}"},{"key":"language","value":"{{ classify__language.value }}"},{"key":"instructions","value":"{{ classify__instructions.value }}"},{"key":"max_cost_usd","value":"{{ classify__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ classify__dry_run.value }}"},{"key":"idempotency_key","value":"{{ classify__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ classify__wait_seconds.value }}"},{"key":"callback_url","value":"{{ classify__callback_url.value }}"},{"key":"cache","value":"{{ classify__cache.value }}"},{"key":"tag","value":"{{ classify__tag.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/classify"
    type="POST"
    enableErrorTransformer={true}
    errorTransformer="return data.detail || data.error"
    notificationDuration={4.5}
    queryTimeout="120000"
    resourceDisplayName="Formcall"
    resourceName="00000000-0000-4000-8000-000000000000"
    resourceTypeOverride=""
    runWhenModelUpdates={false}
    showSuccessToaster={false}
  >
    <Event
      id="0a63d667"
      event="success"
      method="trigger"
      pluginId="classify_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(classify_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="classify_Follow"
    query="v1/runs/{{ classify_Query.data.id }}?wait_seconds=20"
    type="GET"
    enableErrorTransformer={true}
    errorTransformer="return data.detail || data.error"
    notificationDuration={4.5}
    queryTimeout="60000"
    resourceDisplayName="Formcall"
    resourceName="00000000-0000-4000-8000-000000000000"
    resourceTypeOverride=""
    runWhenModelUpdates={false}
    showSuccessToaster={false}
  >
    <Event
      id="f3d6bd48"
      event="success"
      method="trigger"
      pluginId="classify_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(classify_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="classify_Answer"
    funcBody={include("./lib/classify_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="extract_Query"
    body={'[{"key":"text","value":"{{ extract__text.value }}"},{"key":"fields","value":"{{ extract__fields.value }}"},{"key":"many_rows","value":"{{ extract__many_rows.value }}"},{"key":"effort","value":"{{ extract__effort.value }}"},{"key":"language","value":"{{ extract__language.value }}"},{"key":"instructions","value":"{{ extract__instructions.value }}"},{"key":"max_cost_usd","value":"{{ extract__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ extract__dry_run.value }}"},{"key":"idempotency_key","value":"{{ extract__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ extract__wait_seconds.value }}"},{"key":"callback_url","value":"{{ extract__callback_url.value }}"},{"key":"cache","value":"{{ extract__cache.value }}"},{"key":"tag","value":"{{ extract__tag.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/extract"
    type="POST"
    enableErrorTransformer={true}
    errorTransformer="return data.detail || data.error"
    notificationDuration={4.5}
    queryTimeout="120000"
    resourceDisplayName="Formcall"
    resourceName="00000000-0000-4000-8000-000000000000"
    resourceTypeOverride=""
    runWhenModelUpdates={false}
    showSuccessToaster={false}
  >
    <Event
      id="34161a4e"
      event="success"
      method="trigger"
      pluginId="extract_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(extract_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="extract_Follow"
    query="v1/runs/{{ extract_Query.data.id }}?wait_seconds=20"
    type="GET"
    enableErrorTransformer={true}
    errorTransformer="return data.detail || data.error"
    notificationDuration={4.5}
    queryTimeout="60000"
    resourceDisplayName="Formcall"
    resourceName="00000000-0000-4000-8000-000000000000"
    resourceTypeOverride=""
    runWhenModelUpdates={false}
    showSuccessToaster={false}
  >
    <Event
      id="aba005d7"
      event="success"
      method="trigger"
      pluginId="extract_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(extract_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="extract_Answer"
    funcBody={include("./lib/extract_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="summarize_Query"
    body={'[{"key":"text","value":"{{ summarize__text.value }}"},{"key":"length","value":"{{ summarize__length.value }}"},{"key":"format","value":"{{ summarize__format.value }}"},{"key":"audience","value":"{{ summarize__audience.value }}"},{"key":"focus","value":"{{ summarize__focus.value }}"},{"key":"effort","value":"{{ summarize__effort.value }}"},{"key":"language","value":"{{ summarize__language.value }}"},{"key":"instructions","value":"{{ summarize__instructions.value }}"},{"key":"max_cost_usd","value":"{{ summarize__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ summarize__dry_run.value }}"},{"key":"idempotency_key","value":"{{ summarize__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ summarize__wait_seconds.value }}"},{"key":"callback_url","value":"{{ summarize__callback_url.value }}"},{"key":"cache","value":"{{ summarize__cache.value }}"},{"key":"tag","value":"{{ summarize__tag.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/summarize"
    type="POST"
    enableErrorTransformer={true}
    errorTransformer="return data.detail || data.error"
    notificationDuration={4.5}
    queryTimeout="120000"
    resourceDisplayName="Formcall"
    resourceName="00000000-0000-4000-8000-000000000000"
    resourceTypeOverride=""
    runWhenModelUpdates={false}
    showSuccessToaster={false}
  >
    <Event
      id="0b0b0d67"
      event="success"
      method="trigger"
      pluginId="summarize_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(summarize_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="summarize_Follow"
    query="v1/runs/{{ summarize_Query.data.id }}?wait_seconds=20"
    type="GET"
    enableErrorTransformer={true}
    errorTransformer="return data.detail || data.error"
    notificationDuration={4.5}
    queryTimeout="60000"
    resourceDisplayName="Formcall"
    resourceName="00000000-0000-4000-8000-000000000000"
    resourceTypeOverride=""
    runWhenModelUpdates={false}
    showSuccessToaster={false}
  >
    <Event
      id="45951a23"
      event="success"
      method="trigger"
      pluginId="summarize_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(summarize_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="summarize_Answer"
    funcBody={include("./lib/summarize_Answer.js", "string")}
    runBehavior="debounced"
  />
</GlobalFunctions>
