<GlobalFunctions>
  <RESTQuery
    id="action_items_Query"
    body={'[{"key":"file","value":"{{ (action_items__file.value || []).map((one, place) => \'data:\' + action_items__file.files[place].type + \';name=\' + encodeURIComponent(action_items__file.files[place].name) + \';base64,\' + one).join(\' \') }}"},{"key":"text","value":"{{ action_items__text.value }}"},{"key":"people","value":"{{ action_items__people.value }}"},{"key":"today","value":"{{ action_items__today.value }}"},{"key":"effort","value":"{{ action_items__effort.value }}"},{"key":"language","value":"{{ action_items__language.value }}"},{"key":"instructions","value":"{{ action_items__instructions.value }}"},{"key":"quality","value":"{{ action_items__quality.value }}"},{"key":"max_cost_usd","value":"{{ action_items__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ action_items__dry_run.value }}"},{"key":"idempotency_key","value":"{{ action_items__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ action_items__wait_seconds.value }}"},{"key":"callback_url","value":"{{ action_items__callback_url.value }}"},{"key":"cache","value":"{{ action_items__cache.value }}"},{"key":"tag","value":"{{ action_items__tag.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/action_items"
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
      id="28776ae8"
      event="success"
      method="trigger"
      pluginId="action_items_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(action_items_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="action_items_Follow"
    query="v1/runs/{{ action_items_Query.data.id }}?wait_seconds=20"
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
      id="3998cb02"
      event="success"
      method="trigger"
      pluginId="action_items_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(action_items_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="action_items_Answer"
    funcBody={include("./lib/action_items_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="analyze_document_Query"
    body={'[{"key":"task","value":"{{ analyze_document__task.value }}"},{"key":"file","value":"{{ (analyze_document__file.value || []).map((one, place) => \'data:\' + analyze_document__file.files[place].type + \';name=\' + encodeURIComponent(analyze_document__file.files[place].name) + \';base64,\' + one).join(\' \') }}"},{"key":"text","value":"{{ analyze_document__text.value }}"},{"key":"kind","value":"{{ analyze_document__kind.value }}"},{"key":"count","value":"{{ analyze_document__count.value }}"},{"key":"pages","value":"{{ analyze_document__pages.value }}"},{"key":"effort","value":"{{ analyze_document__effort.value }}"},{"key":"language","value":"{{ analyze_document__language.value }}"},{"key":"instructions","value":"{{ analyze_document__instructions.value }}"},{"key":"quality","value":"{{ analyze_document__quality.value }}"},{"key":"max_cost_usd","value":"{{ analyze_document__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ analyze_document__dry_run.value }}"},{"key":"idempotency_key","value":"{{ analyze_document__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ analyze_document__wait_seconds.value }}"},{"key":"callback_url","value":"{{ analyze_document__callback_url.value }}"},{"key":"cache","value":"{{ analyze_document__cache.value }}"},{"key":"tag","value":"{{ analyze_document__tag.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/analyze_document"
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
      id="ffcb4d77"
      event="success"
      method="trigger"
      pluginId="analyze_document_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(analyze_document_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="analyze_document_Follow"
    query="v1/runs/{{ analyze_document_Query.data.id }}?wait_seconds=20"
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
      id="213b98ec"
      event="success"
      method="trigger"
      pluginId="analyze_document_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(analyze_document_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="analyze_document_Answer"
    funcBody={include("./lib/analyze_document_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="analyze_image_Query"
    body={'[{"key":"file","value":"{{ (analyze_image__file.value || []).map((one, place) => \'data:\' + analyze_image__file.files[place].type + \';name=\' + encodeURIComponent(analyze_image__file.files[place].name) + \';base64,\' + one).join(\' \') }}"},{"key":"task","value":"{{ analyze_image__task.value }}"},{"key":"question","value":"{{ analyze_image__question.value }}"},{"key":"effort","value":"{{ analyze_image__effort.value }}"},{"key":"language","value":"{{ analyze_image__language.value }}"},{"key":"instructions","value":"{{ analyze_image__instructions.value }}"},{"key":"quality","value":"{{ analyze_image__quality.value }}"},{"key":"max_cost_usd","value":"{{ analyze_image__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ analyze_image__dry_run.value }}"},{"key":"idempotency_key","value":"{{ analyze_image__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ analyze_image__wait_seconds.value }}"},{"key":"callback_url","value":"{{ analyze_image__callback_url.value }}"},{"key":"cache","value":"{{ analyze_image__cache.value }}"},{"key":"tag","value":"{{ analyze_image__tag.value }}"},{"key":"previous_run","value":"{{ analyze_image__previous_run.value }}"},{"key":"feedback","value":"{{ analyze_image__feedback.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/analyze_image"
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
      id="dde9ec95"
      event="success"
      method="trigger"
      pluginId="analyze_image_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(analyze_image_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="analyze_image_Follow"
    query="v1/runs/{{ analyze_image_Query.data.id }}?wait_seconds=20"
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
      id="69af09f6"
      event="success"
      method="trigger"
      pluginId="analyze_image_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(analyze_image_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="analyze_image_Answer"
    funcBody={include("./lib/analyze_image_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="answer_Query"
    body={'[{"key":"question","value":"{{ answer__question.value }}"},{"key":"sources","value":"{{ (answer__sources.value || []).map((one, place) => \'data:\' + answer__sources.files[place].type + \';name=\' + encodeURIComponent(answer__sources.files[place].name) + \';base64,\' + one).join(\' \') }}"},{"key":"text","value":"{{ answer__text.value }}"},{"key":"style","value":"{{ answer__style.value }}"},{"key":"effort","value":"{{ answer__effort.value }}"},{"key":"language","value":"{{ answer__language.value }}"},{"key":"instructions","value":"{{ answer__instructions.value }}"},{"key":"quality","value":"{{ answer__quality.value }}"},{"key":"max_cost_usd","value":"{{ answer__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ answer__dry_run.value }}"},{"key":"idempotency_key","value":"{{ answer__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ answer__wait_seconds.value }}"},{"key":"callback_url","value":"{{ answer__callback_url.value }}"},{"key":"cache","value":"{{ answer__cache.value }}"},{"key":"tag","value":"{{ answer__tag.value }}"},{"key":"previous_run","value":"{{ answer__previous_run.value }}"},{"key":"feedback","value":"{{ answer__feedback.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/answer"
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
      id="4ea1ce2c"
      event="success"
      method="trigger"
      pluginId="answer_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(answer_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="answer_Follow"
    query="v1/runs/{{ answer_Query.data.id }}?wait_seconds=20"
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
      id="fda32a30"
      event="success"
      method="trigger"
      pluginId="answer_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(answer_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="answer_Answer"
    funcBody={include("./lib/answer_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="answer_with_tools_Query"
    body={'[{"key":"question","value":"{{ answer_with_tools__question.value }}"},{"key":"context","value":"{{ answer_with_tools__context.value }}"},{"key":"tools","value":"{{ answer_with_tools__tools.value }}"},{"key":"approve","value":"{{ answer_with_tools__approve.value }}"},{"key":"require_tool","value":"{{ answer_with_tools__require_tool.value }}"},{"key":"max_steps","value":"{{ answer_with_tools__max_steps.value }}"},{"key":"effort","value":"{{ answer_with_tools__effort.value }}"},{"key":"language","value":"{{ answer_with_tools__language.value }}"},{"key":"instructions","value":"{{ answer_with_tools__instructions.value }}"},{"key":"quality","value":"{{ answer_with_tools__quality.value }}"},{"key":"max_cost_usd","value":"{{ answer_with_tools__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ answer_with_tools__dry_run.value }}"},{"key":"idempotency_key","value":"{{ answer_with_tools__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ answer_with_tools__wait_seconds.value }}"},{"key":"callback_url","value":"{{ answer_with_tools__callback_url.value }}"},{"key":"cache","value":"{{ answer_with_tools__cache.value }}"},{"key":"tag","value":"{{ answer_with_tools__tag.value }}"},{"key":"previous_run","value":"{{ answer_with_tools__previous_run.value }}"},{"key":"feedback","value":"{{ answer_with_tools__feedback.value }}"}]'}
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
    body={'[{"key":"text","value":"{{ classify__text.value }}"},{"key":"categories","value":"{{ classify__categories.value }}"},{"key":"multiple","value":"{{ classify__multiple.value }}"},{"key":"examples","value":"{{ classify__examples.value }}"},{"key":"effort","value":"{{ classify__effort.value }}"},{"key":"language","value":"{{ classify__language.value }}"},{"key":"instructions","value":"{{ classify__instructions.value }}"},{"key":"quality","value":"{{ classify__quality.value }}"},{"key":"max_cost_usd","value":"{{ classify__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ classify__dry_run.value }}"},{"key":"idempotency_key","value":"{{ classify__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ classify__wait_seconds.value }}"},{"key":"callback_url","value":"{{ classify__callback_url.value }}"},{"key":"cache","value":"{{ classify__cache.value }}"},{"key":"tag","value":"{{ classify__tag.value }}"},{"key":"votes","value":"{{ classify__votes.value }}"}]'}
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
    body={'[{"key":"text","value":"{{ extract__text.value }}"},{"key":"fields","value":"{{ extract__fields.value }}"},{"key":"many_rows","value":"{{ extract__many_rows.value }}"},{"key":"effort","value":"{{ extract__effort.value }}"},{"key":"language","value":"{{ extract__language.value }}"},{"key":"instructions","value":"{{ extract__instructions.value }}"},{"key":"quality","value":"{{ extract__quality.value }}"},{"key":"max_cost_usd","value":"{{ extract__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ extract__dry_run.value }}"},{"key":"idempotency_key","value":"{{ extract__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ extract__wait_seconds.value }}"},{"key":"callback_url","value":"{{ extract__callback_url.value }}"},{"key":"cache","value":"{{ extract__cache.value }}"},{"key":"tag","value":"{{ extract__tag.value }}"},{"key":"votes","value":"{{ extract__votes.value }}"}]'}
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
    id="extract_document_Query"
    body={'[{"key":"file","value":"{{ (extract_document__file.value || []).map((one, place) => \'data:\' + extract_document__file.files[place].type + \';name=\' + encodeURIComponent(extract_document__file.files[place].name) + \';base64,\' + one).join(\' \') }}"},{"key":"fields","value":"{{ extract_document__fields.value }}"},{"key":"pages","value":"{{ extract_document__pages.value }}"},{"key":"effort","value":"{{ extract_document__effort.value }}"},{"key":"language","value":"{{ extract_document__language.value }}"},{"key":"instructions","value":"{{ extract_document__instructions.value }}"},{"key":"quality","value":"{{ extract_document__quality.value }}"},{"key":"max_cost_usd","value":"{{ extract_document__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ extract_document__dry_run.value }}"},{"key":"idempotency_key","value":"{{ extract_document__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ extract_document__wait_seconds.value }}"},{"key":"callback_url","value":"{{ extract_document__callback_url.value }}"},{"key":"cache","value":"{{ extract_document__cache.value }}"},{"key":"tag","value":"{{ extract_document__tag.value }}"},{"key":"votes","value":"{{ extract_document__votes.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/extract_document"
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
      id="fb9e61a0"
      event="success"
      method="trigger"
      pluginId="extract_document_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(extract_document_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="extract_document_Follow"
    query="v1/runs/{{ extract_document_Query.data.id }}?wait_seconds=20"
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
      id="5e02c857"
      event="success"
      method="trigger"
      pluginId="extract_document_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(extract_document_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="extract_document_Answer"
    funcBody={include("./lib/extract_document_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="summarize_Query"
    body={'[{"key":"text","value":"{{ summarize__text.value }}"},{"key":"length","value":"{{ summarize__length.value }}"},{"key":"format","value":"{{ summarize__format.value }}"},{"key":"audience","value":"{{ summarize__audience.value }}"},{"key":"focus","value":"{{ summarize__focus.value }}"},{"key":"effort","value":"{{ summarize__effort.value }}"},{"key":"language","value":"{{ summarize__language.value }}"},{"key":"instructions","value":"{{ summarize__instructions.value }}"},{"key":"quality","value":"{{ summarize__quality.value }}"},{"key":"max_cost_usd","value":"{{ summarize__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ summarize__dry_run.value }}"},{"key":"idempotency_key","value":"{{ summarize__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ summarize__wait_seconds.value }}"},{"key":"callback_url","value":"{{ summarize__callback_url.value }}"},{"key":"cache","value":"{{ summarize__cache.value }}"},{"key":"tag","value":"{{ summarize__tag.value }}"},{"key":"previous_run","value":"{{ summarize__previous_run.value }}"},{"key":"feedback","value":"{{ summarize__feedback.value }}"}]'}
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
