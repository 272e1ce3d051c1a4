<GlobalFunctions>
  <RESTQuery
    id="action_items_Query"
    body={'[{"key":"file","value":"{{ (action_items__file.value || []).map((one, index) => \'data:\' + action_items__file.files[index].type + \';name=\' + encodeURIComponent(action_items__file.files[index].name) + \';base64,\' + one).join(\' \') }}"},{"key":"text","value":"{{ action_items__text.value }}"},{"key":"people","value":"{{ action_items__people.value }}"},{"key":"today","value":"{{ action_items__today.value }}"},{"key":"max_cost_usd","value":"{{ action_items__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ action_items__dry_run.value }}"},{"key":"idempotency_key","value":"{{ action_items__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ action_items__wait_seconds.value }}"},{"key":"callback_url","value":"{{ action_items__callback_url.value }}"},{"key":"cache","value":"{{ action_items__cache.value }}"},{"key":"tag","value":"{{ action_items__tag.value }}"},{"key":"review","value":"{{ action_items__review.value }}"},{"key":"effort","value":"{{ action_items__effort.value }}"},{"key":"language","value":"{{ action_items__language.value }}"},{"key":"instructions","value":"{{ action_items__instructions.value }}"},{"key":"timezone","value":"{{ action_items__timezone.value }}"},{"key":"region","value":"{{ action_items__region.value }}"},{"key":"quality","value":"{{ action_items__quality.value }}"},{"key":"clean","value":"{{ action_items__clean.value }}"},{"key":"read_text","value":"{{ action_items__read_text.value }}"},{"key":"pictures","value":"{{ action_items__pictures.value }}"},{"key":"ocr","value":"{{ action_items__ocr.value }}"}]'}
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
    body={'[{"key":"task","value":"{{ analyze_document__task.value }}"},{"key":"file","value":"{{ (analyze_document__file.value || []).map((one, index) => \'data:\' + analyze_document__file.files[index].type + \';name=\' + encodeURIComponent(analyze_document__file.files[index].name) + \';base64,\' + one).join(\' \') }}"},{"key":"text","value":"{{ analyze_document__text.value }}"},{"key":"kind","value":"{{ analyze_document__kind.value }}"},{"key":"count","value":"{{ analyze_document__count.value }}"},{"key":"pages","value":"{{ analyze_document__pages.value }}"},{"key":"max_cost_usd","value":"{{ analyze_document__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ analyze_document__dry_run.value }}"},{"key":"idempotency_key","value":"{{ analyze_document__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ analyze_document__wait_seconds.value }}"},{"key":"callback_url","value":"{{ analyze_document__callback_url.value }}"},{"key":"cache","value":"{{ analyze_document__cache.value }}"},{"key":"tag","value":"{{ analyze_document__tag.value }}"},{"key":"review","value":"{{ analyze_document__review.value }}"},{"key":"effort","value":"{{ analyze_document__effort.value }}"},{"key":"language","value":"{{ analyze_document__language.value }}"},{"key":"instructions","value":"{{ analyze_document__instructions.value }}"},{"key":"timezone","value":"{{ analyze_document__timezone.value }}"},{"key":"region","value":"{{ analyze_document__region.value }}"},{"key":"quality","value":"{{ analyze_document__quality.value }}"},{"key":"clean","value":"{{ analyze_document__clean.value }}"},{"key":"read_text","value":"{{ analyze_document__read_text.value }}"},{"key":"pictures","value":"{{ analyze_document__pictures.value }}"},{"key":"ocr","value":"{{ analyze_document__ocr.value }}"}]'}
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
    body={'[{"key":"file","value":"{{ (analyze_image__file.value || []).map((one, index) => \'data:\' + analyze_image__file.files[index].type + \';name=\' + encodeURIComponent(analyze_image__file.files[index].name) + \';base64,\' + one).join(\' \') }}"},{"key":"task","value":"{{ analyze_image__task.value }}"},{"key":"question","value":"{{ analyze_image__question.value }}"},{"key":"max_cost_usd","value":"{{ analyze_image__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ analyze_image__dry_run.value }}"},{"key":"idempotency_key","value":"{{ analyze_image__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ analyze_image__wait_seconds.value }}"},{"key":"callback_url","value":"{{ analyze_image__callback_url.value }}"},{"key":"cache","value":"{{ analyze_image__cache.value }}"},{"key":"tag","value":"{{ analyze_image__tag.value }}"},{"key":"review","value":"{{ analyze_image__review.value }}"},{"key":"effort","value":"{{ analyze_image__effort.value }}"},{"key":"language","value":"{{ analyze_image__language.value }}"},{"key":"instructions","value":"{{ analyze_image__instructions.value }}"},{"key":"timezone","value":"{{ analyze_image__timezone.value }}"},{"key":"region","value":"{{ analyze_image__region.value }}"},{"key":"quality","value":"{{ analyze_image__quality.value }}"},{"key":"previous_run","value":"{{ analyze_image__previous_run.value }}"},{"key":"feedback","value":"{{ analyze_image__feedback.value }}"},{"key":"clean","value":"{{ analyze_image__clean.value }}"},{"key":"read_text","value":"{{ analyze_image__read_text.value }}"},{"key":"pictures","value":"{{ analyze_image__pictures.value }}"},{"key":"ocr","value":"{{ analyze_image__ocr.value }}"}]'}
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
    body={'[{"key":"question","value":"{{ answer__question.value }}"},{"key":"sources","value":"{{ (answer__sources.value || []).map((one, index) => \'data:\' + answer__sources.files[index].type + \';name=\' + encodeURIComponent(answer__sources.files[index].name) + \';base64,\' + one).join(\' \') }}"},{"key":"text","value":"{{ answer__text.value }}"},{"key":"style","value":"{{ answer__style.value }}"},{"key":"max_cost_usd","value":"{{ answer__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ answer__dry_run.value }}"},{"key":"idempotency_key","value":"{{ answer__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ answer__wait_seconds.value }}"},{"key":"callback_url","value":"{{ answer__callback_url.value }}"},{"key":"cache","value":"{{ answer__cache.value }}"},{"key":"tag","value":"{{ answer__tag.value }}"},{"key":"review","value":"{{ answer__review.value }}"},{"key":"effort","value":"{{ answer__effort.value }}"},{"key":"language","value":"{{ answer__language.value }}"},{"key":"instructions","value":"{{ answer__instructions.value }}"},{"key":"timezone","value":"{{ answer__timezone.value }}"},{"key":"region","value":"{{ answer__region.value }}"},{"key":"quality","value":"{{ answer__quality.value }}"},{"key":"previous_run","value":"{{ answer__previous_run.value }}"},{"key":"feedback","value":"{{ answer__feedback.value }}"},{"key":"clean","value":"{{ answer__clean.value }}"},{"key":"read_text","value":"{{ answer__read_text.value }}"},{"key":"pictures","value":"{{ answer__pictures.value }}"},{"key":"ocr","value":"{{ answer__ocr.value }}"}]'}
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
    body={'[{"key":"question","value":"{{ answer_with_tools__question.value }}"},{"key":"context","value":"{{ answer_with_tools__context.value }}"},{"key":"tools","value":"{{ answer_with_tools__tools.value }}"},{"key":"approve","value":"{{ answer_with_tools__approve.value }}"},{"key":"require_tool","value":"{{ answer_with_tools__require_tool.value }}"},{"key":"max_steps","value":"{{ answer_with_tools__max_steps.value }}"},{"key":"max_cost_usd","value":"{{ answer_with_tools__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ answer_with_tools__dry_run.value }}"},{"key":"idempotency_key","value":"{{ answer_with_tools__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ answer_with_tools__wait_seconds.value }}"},{"key":"callback_url","value":"{{ answer_with_tools__callback_url.value }}"},{"key":"cache","value":"{{ answer_with_tools__cache.value }}"},{"key":"tag","value":"{{ answer_with_tools__tag.value }}"},{"key":"review","value":"{{ answer_with_tools__review.value }}"},{"key":"effort","value":"{{ answer_with_tools__effort.value }}"},{"key":"language","value":"{{ answer_with_tools__language.value }}"},{"key":"instructions","value":"{{ answer_with_tools__instructions.value }}"},{"key":"timezone","value":"{{ answer_with_tools__timezone.value }}"},{"key":"region","value":"{{ answer_with_tools__region.value }}"},{"key":"quality","value":"{{ answer_with_tools__quality.value }}"},{"key":"previous_run","value":"{{ answer_with_tools__previous_run.value }}"},{"key":"feedback","value":"{{ answer_with_tools__feedback.value }}"},{"key":"clean","value":"{{ answer_with_tools__clean.value }}"},{"key":"read_text","value":"{{ answer_with_tools__read_text.value }}"}]'}
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
    id="check_Query"
    body={'[{"key":"questions","value":"{{ check__questions.value }}"},{"key":"file","value":"{{ (check__file.value || []).map((one, index) => \'data:\' + check__file.files[index].type + \';name=\' + encodeURIComponent(check__file.files[index].name) + \';base64,\' + one).join(\' \') }}"},{"key":"text","value":"{{ check__text.value }}"},{"key":"max_cost_usd","value":"{{ check__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ check__dry_run.value }}"},{"key":"idempotency_key","value":"{{ check__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ check__wait_seconds.value }}"},{"key":"callback_url","value":"{{ check__callback_url.value }}"},{"key":"cache","value":"{{ check__cache.value }}"},{"key":"tag","value":"{{ check__tag.value }}"},{"key":"review","value":"{{ check__review.value }}"},{"key":"effort","value":"{{ check__effort.value }}"},{"key":"language","value":"{{ check__language.value }}"},{"key":"instructions","value":"{{ check__instructions.value }}"},{"key":"quality","value":"{{ check__quality.value }}"},{"key":"clean","value":"{{ check__clean.value }}"},{"key":"read_text","value":"{{ check__read_text.value }}"},{"key":"pictures","value":"{{ check__pictures.value }}"},{"key":"ocr","value":"{{ check__ocr.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/check"
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
      id="74c839a9"
      event="success"
      method="trigger"
      pluginId="check_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(check_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="check_Follow"
    query="v1/runs/{{ check_Query.data.id }}?wait_seconds=20"
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
      id="4dd08692"
      event="success"
      method="trigger"
      pluginId="check_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(check_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="check_Answer"
    funcBody={include("./lib/check_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="classify_Query"
    body={'[{"key":"text","value":"{{ classify__text.value }}"},{"key":"categories","value":"{{ classify__categories.value }}"},{"key":"multiple","value":"{{ classify__multiple.value }}"},{"key":"fallback","value":"{{ classify__fallback.value }}"},{"key":"examples","value":"{{ classify__examples.value }}"},{"key":"strictness","value":"{{ classify__strictness.value }}"},{"key":"max_categories","value":"{{ classify__max_categories.value }}"},{"key":"max_cost_usd","value":"{{ classify__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ classify__dry_run.value }}"},{"key":"idempotency_key","value":"{{ classify__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ classify__wait_seconds.value }}"},{"key":"callback_url","value":"{{ classify__callback_url.value }}"},{"key":"cache","value":"{{ classify__cache.value }}"},{"key":"tag","value":"{{ classify__tag.value }}"},{"key":"review","value":"{{ classify__review.value }}"},{"key":"effort","value":"{{ classify__effort.value }}"},{"key":"language","value":"{{ classify__language.value }}"},{"key":"instructions","value":"{{ classify__instructions.value }}"},{"key":"quality","value":"{{ classify__quality.value }}"},{"key":"votes","value":"{{ classify__votes.value }}"},{"key":"clean","value":"{{ classify__clean.value }}"},{"key":"read_text","value":"{{ classify__read_text.value }}"}]'}
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
    id="compare_Query"
    body={'[{"key":"a","value":"{{ compare__a.value }}"},{"key":"b","value":"{{ compare__b.value }}"},{"key":"focus","value":"{{ compare__focus.value }}"},{"key":"ignore","value":"{{ compare__ignore.value }}"},{"key":"max_cost_usd","value":"{{ compare__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ compare__dry_run.value }}"},{"key":"idempotency_key","value":"{{ compare__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ compare__wait_seconds.value }}"},{"key":"callback_url","value":"{{ compare__callback_url.value }}"},{"key":"cache","value":"{{ compare__cache.value }}"},{"key":"tag","value":"{{ compare__tag.value }}"},{"key":"review","value":"{{ compare__review.value }}"},{"key":"region","value":"{{ compare__region.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/compare"
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
      id="bd25eed8"
      event="success"
      method="trigger"
      pluginId="compare_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(compare_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="compare_Follow"
    query="v1/runs/{{ compare_Query.data.id }}?wait_seconds=20"
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
      id="85e1229e"
      event="success"
      method="trigger"
      pluginId="compare_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(compare_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="compare_Answer"
    funcBody={include("./lib/compare_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="detect_language_Query"
    body={'[{"key":"text","value":"{{ detect_language__text.value }}"},{"key":"max_cost_usd","value":"{{ detect_language__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ detect_language__dry_run.value }}"},{"key":"idempotency_key","value":"{{ detect_language__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ detect_language__wait_seconds.value }}"},{"key":"callback_url","value":"{{ detect_language__callback_url.value }}"},{"key":"cache","value":"{{ detect_language__cache.value }}"},{"key":"tag","value":"{{ detect_language__tag.value }}"},{"key":"review","value":"{{ detect_language__review.value }}"},{"key":"region","value":"{{ detect_language__region.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/detect_language"
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
      id="9e184549"
      event="success"
      method="trigger"
      pluginId="detect_language_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(detect_language_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="detect_language_Follow"
    query="v1/runs/{{ detect_language_Query.data.id }}?wait_seconds=20"
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
      id="d650160a"
      event="success"
      method="trigger"
      pluginId="detect_language_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(detect_language_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="detect_language_Answer"
    funcBody={include("./lib/detect_language_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="draft_reply_Query"
    body={'[{"key":"message","value":"{{ draft_reply__message.value }}"},{"key":"facts","value":"{{ draft_reply__facts.value }}"},{"key":"thread","value":"{{ draft_reply__thread.value }}"},{"key":"decision","value":"{{ draft_reply__decision.value }}"},{"key":"tone","value":"{{ draft_reply__tone.value }}"},{"key":"sign_off","value":"{{ draft_reply__sign_off.value }}"},{"key":"max_cost_usd","value":"{{ draft_reply__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ draft_reply__dry_run.value }}"},{"key":"idempotency_key","value":"{{ draft_reply__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ draft_reply__wait_seconds.value }}"},{"key":"callback_url","value":"{{ draft_reply__callback_url.value }}"},{"key":"cache","value":"{{ draft_reply__cache.value }}"},{"key":"tag","value":"{{ draft_reply__tag.value }}"},{"key":"review","value":"{{ draft_reply__review.value }}"},{"key":"effort","value":"{{ draft_reply__effort.value }}"},{"key":"language","value":"{{ draft_reply__language.value }}"},{"key":"instructions","value":"{{ draft_reply__instructions.value }}"},{"key":"timezone","value":"{{ draft_reply__timezone.value }}"},{"key":"region","value":"{{ draft_reply__region.value }}"},{"key":"quality","value":"{{ draft_reply__quality.value }}"},{"key":"previous_run","value":"{{ draft_reply__previous_run.value }}"},{"key":"feedback","value":"{{ draft_reply__feedback.value }}"},{"key":"clean","value":"{{ draft_reply__clean.value }}"},{"key":"read_text","value":"{{ draft_reply__read_text.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/draft_reply"
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
      id="a93d584f"
      event="success"
      method="trigger"
      pluginId="draft_reply_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(draft_reply_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="draft_reply_Follow"
    query="v1/runs/{{ draft_reply_Query.data.id }}?wait_seconds=20"
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
      id="ed1f3e9c"
      event="success"
      method="trigger"
      pluginId="draft_reply_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(draft_reply_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="draft_reply_Answer"
    funcBody={include("./lib/draft_reply_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="extract_Query"
    body={'[{"key":"text","value":"{{ extract__text.value }}"},{"key":"fields","value":"{{ extract__fields.value }}"},{"key":"many_rows","value":"{{ extract__many_rows.value }}"},{"key":"max_cost_usd","value":"{{ extract__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ extract__dry_run.value }}"},{"key":"idempotency_key","value":"{{ extract__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ extract__wait_seconds.value }}"},{"key":"callback_url","value":"{{ extract__callback_url.value }}"},{"key":"cache","value":"{{ extract__cache.value }}"},{"key":"tag","value":"{{ extract__tag.value }}"},{"key":"review","value":"{{ extract__review.value }}"},{"key":"effort","value":"{{ extract__effort.value }}"},{"key":"language","value":"{{ extract__language.value }}"},{"key":"instructions","value":"{{ extract__instructions.value }}"},{"key":"timezone","value":"{{ extract__timezone.value }}"},{"key":"region","value":"{{ extract__region.value }}"},{"key":"quality","value":"{{ extract__quality.value }}"},{"key":"votes","value":"{{ extract__votes.value }}"},{"key":"clean","value":"{{ extract__clean.value }}"},{"key":"read_text","value":"{{ extract__read_text.value }}"}]'}
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
    body={'[{"key":"file","value":"{{ (extract_document__file.value || []).map((one, index) => \'data:\' + extract_document__file.files[index].type + \';name=\' + encodeURIComponent(extract_document__file.files[index].name) + \';base64,\' + one).join(\' \') }}"},{"key":"fields","value":"{{ extract_document__fields.value }}"},{"key":"pages","value":"{{ extract_document__pages.value }}"},{"key":"many_rows","value":"{{ extract_document__many_rows.value }}"},{"key":"max_cost_usd","value":"{{ extract_document__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ extract_document__dry_run.value }}"},{"key":"idempotency_key","value":"{{ extract_document__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ extract_document__wait_seconds.value }}"},{"key":"callback_url","value":"{{ extract_document__callback_url.value }}"},{"key":"cache","value":"{{ extract_document__cache.value }}"},{"key":"tag","value":"{{ extract_document__tag.value }}"},{"key":"review","value":"{{ extract_document__review.value }}"},{"key":"effort","value":"{{ extract_document__effort.value }}"},{"key":"language","value":"{{ extract_document__language.value }}"},{"key":"instructions","value":"{{ extract_document__instructions.value }}"},{"key":"timezone","value":"{{ extract_document__timezone.value }}"},{"key":"region","value":"{{ extract_document__region.value }}"},{"key":"quality","value":"{{ extract_document__quality.value }}"},{"key":"votes","value":"{{ extract_document__votes.value }}"},{"key":"pictures","value":"{{ extract_document__pictures.value }}"},{"key":"ocr","value":"{{ extract_document__ocr.value }}"}]'}
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
    id="extract_table_Query"
    body={'[{"key":"file","value":"{{ (extract_table__file.value || []).map((one, index) => \'data:\' + extract_table__file.files[index].type + \';name=\' + encodeURIComponent(extract_table__file.files[index].name) + \';base64,\' + one).join(\' \') }}"},{"key":"text","value":"{{ extract_table__text.value }}"},{"key":"columns","value":"{{ extract_table__columns.value }}"},{"key":"pages","value":"{{ extract_table__pages.value }}"},{"key":"max_cost_usd","value":"{{ extract_table__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ extract_table__dry_run.value }}"},{"key":"idempotency_key","value":"{{ extract_table__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ extract_table__wait_seconds.value }}"},{"key":"callback_url","value":"{{ extract_table__callback_url.value }}"},{"key":"cache","value":"{{ extract_table__cache.value }}"},{"key":"tag","value":"{{ extract_table__tag.value }}"},{"key":"review","value":"{{ extract_table__review.value }}"},{"key":"effort","value":"{{ extract_table__effort.value }}"},{"key":"language","value":"{{ extract_table__language.value }}"},{"key":"instructions","value":"{{ extract_table__instructions.value }}"},{"key":"timezone","value":"{{ extract_table__timezone.value }}"},{"key":"region","value":"{{ extract_table__region.value }}"},{"key":"quality","value":"{{ extract_table__quality.value }}"},{"key":"clean","value":"{{ extract_table__clean.value }}"},{"key":"read_text","value":"{{ extract_table__read_text.value }}"},{"key":"pictures","value":"{{ extract_table__pictures.value }}"},{"key":"ocr","value":"{{ extract_table__ocr.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/extract_table"
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
      id="b759651c"
      event="success"
      method="trigger"
      pluginId="extract_table_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(extract_table_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="extract_table_Follow"
    query="v1/runs/{{ extract_table_Query.data.id }}?wait_seconds=20"
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
      id="5457e913"
      event="success"
      method="trigger"
      pluginId="extract_table_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(extract_table_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="extract_table_Answer"
    funcBody={include("./lib/extract_table_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="keywords_Query"
    body={'[{"key":"text","value":"{{ keywords__text.value }}"},{"key":"max","value":"{{ keywords__max.value }}"},{"key":"kind","value":"{{ keywords__kind.value }}"},{"key":"max_cost_usd","value":"{{ keywords__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ keywords__dry_run.value }}"},{"key":"idempotency_key","value":"{{ keywords__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ keywords__wait_seconds.value }}"},{"key":"callback_url","value":"{{ keywords__callback_url.value }}"},{"key":"cache","value":"{{ keywords__cache.value }}"},{"key":"tag","value":"{{ keywords__tag.value }}"},{"key":"review","value":"{{ keywords__review.value }}"},{"key":"region","value":"{{ keywords__region.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/keywords"
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
      id="8d90ae7b"
      event="success"
      method="trigger"
      pluginId="keywords_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(keywords_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="keywords_Follow"
    query="v1/runs/{{ keywords_Query.data.id }}?wait_seconds=20"
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
      id="f1f991d5"
      event="success"
      method="trigger"
      pluginId="keywords_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(keywords_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="keywords_Answer"
    funcBody={include("./lib/keywords_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="match_records_Query"
    body={'[{"key":"rows","value":"{{ match_records__rows.value }}"},{"key":"other","value":"{{ match_records__other.value }}"},{"key":"columns","value":"{{ match_records__columns.value }}"},{"key":"threshold","value":"{{ match_records__threshold.value }}"},{"key":"max_cost_usd","value":"{{ match_records__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ match_records__dry_run.value }}"},{"key":"idempotency_key","value":"{{ match_records__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ match_records__wait_seconds.value }}"},{"key":"callback_url","value":"{{ match_records__callback_url.value }}"},{"key":"cache","value":"{{ match_records__cache.value }}"},{"key":"tag","value":"{{ match_records__tag.value }}"},{"key":"review","value":"{{ match_records__review.value }}"},{"key":"region","value":"{{ match_records__region.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/match_records"
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
      id="6be5043a"
      event="success"
      method="trigger"
      pluginId="match_records_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(match_records_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="match_records_Follow"
    query="v1/runs/{{ match_records_Query.data.id }}?wait_seconds=20"
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
      id="c5aee1ad"
      event="success"
      method="trigger"
      pluginId="match_records_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(match_records_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="match_records_Answer"
    funcBody={include("./lib/match_records_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="moderate_Query"
    body={'[{"key":"kinds","value":"{{ moderate__kinds.value }}"},{"key":"policies","value":"{{ moderate__policies.value }}"},{"key":"file","value":"{{ (moderate__file.value || []).map((one, index) => \'data:\' + moderate__file.files[index].type + \';name=\' + encodeURIComponent(moderate__file.files[index].name) + \';base64,\' + one).join(\' \') }}"},{"key":"text","value":"{{ moderate__text.value }}"},{"key":"review_from","value":"{{ moderate__review_from.value }}"},{"key":"block_from","value":"{{ moderate__block_from.value }}"},{"key":"max_cost_usd","value":"{{ moderate__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ moderate__dry_run.value }}"},{"key":"idempotency_key","value":"{{ moderate__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ moderate__wait_seconds.value }}"},{"key":"callback_url","value":"{{ moderate__callback_url.value }}"},{"key":"cache","value":"{{ moderate__cache.value }}"},{"key":"tag","value":"{{ moderate__tag.value }}"},{"key":"review","value":"{{ moderate__review.value }}"},{"key":"effort","value":"{{ moderate__effort.value }}"},{"key":"language","value":"{{ moderate__language.value }}"},{"key":"instructions","value":"{{ moderate__instructions.value }}"},{"key":"quality","value":"{{ moderate__quality.value }}"},{"key":"clean","value":"{{ moderate__clean.value }}"},{"key":"read_text","value":"{{ moderate__read_text.value }}"},{"key":"pictures","value":"{{ moderate__pictures.value }}"},{"key":"ocr","value":"{{ moderate__ocr.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/moderate"
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
      id="4bf4365d"
      event="success"
      method="trigger"
      pluginId="moderate_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(moderate_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="moderate_Follow"
    query="v1/runs/{{ moderate_Query.data.id }}?wait_seconds=20"
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
      id="4c1e812e"
      event="success"
      method="trigger"
      pluginId="moderate_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(moderate_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="moderate_Answer"
    funcBody={include("./lib/moderate_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="normalize_Query"
    body={'[{"key":"values","value":"{{ normalize__values.value }}"},{"key":"kind","value":"{{ normalize__kind.value }}"},{"key":"order","value":"{{ normalize__order.value }}"},{"key":"allowed","value":"{{ normalize__allowed.value }}"},{"key":"max_cost_usd","value":"{{ normalize__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ normalize__dry_run.value }}"},{"key":"idempotency_key","value":"{{ normalize__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ normalize__wait_seconds.value }}"},{"key":"callback_url","value":"{{ normalize__callback_url.value }}"},{"key":"cache","value":"{{ normalize__cache.value }}"},{"key":"tag","value":"{{ normalize__tag.value }}"},{"key":"review","value":"{{ normalize__review.value }}"},{"key":"region","value":"{{ normalize__region.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/normalize"
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
      id="37c8a7db"
      event="success"
      method="trigger"
      pluginId="normalize_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(normalize_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="normalize_Follow"
    query="v1/runs/{{ normalize_Query.data.id }}?wait_seconds=20"
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
      id="cca35070"
      event="success"
      method="trigger"
      pluginId="normalize_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(normalize_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="normalize_Answer"
    funcBody={include("./lib/normalize_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="redact_Query"
    body={'[{"key":"text","value":"{{ redact__text.value }}"},{"key":"kinds","value":"{{ redact__kinds.value }}"},{"key":"mode","value":"{{ redact__mode.value }}"},{"key":"also","value":"{{ redact__also.value }}"},{"key":"keep","value":"{{ redact__keep.value }}"},{"key":"secret","value":"{{ redact__secret.value }}"},{"key":"max_cost_usd","value":"{{ redact__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ redact__dry_run.value }}"},{"key":"idempotency_key","value":"{{ redact__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ redact__wait_seconds.value }}"},{"key":"callback_url","value":"{{ redact__callback_url.value }}"},{"key":"cache","value":"{{ redact__cache.value }}"},{"key":"tag","value":"{{ redact__tag.value }}"},{"key":"review","value":"{{ redact__review.value }}"},{"key":"region","value":"{{ redact__region.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/redact"
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
      id="78919577"
      event="success"
      method="trigger"
      pluginId="redact_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(redact_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="redact_Follow"
    query="v1/runs/{{ redact_Query.data.id }}?wait_seconds=20"
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
      id="716d4279"
      event="success"
      method="trigger"
      pluginId="redact_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(redact_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="redact_Answer"
    funcBody={include("./lib/redact_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="report_Query"
    body={'[{"key":"rows","value":"{{ report__rows.value }}"},{"key":"metrics","value":"{{ report__metrics.value }}"},{"key":"group_by","value":"{{ report__group_by.value }}"},{"key":"period","value":"{{ report__period.value }}"},{"key":"date_column","value":"{{ report__date_column.value }}"},{"key":"sections","value":"{{ report__sections.value }}"},{"key":"max_cost_usd","value":"{{ report__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ report__dry_run.value }}"},{"key":"idempotency_key","value":"{{ report__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ report__wait_seconds.value }}"},{"key":"callback_url","value":"{{ report__callback_url.value }}"},{"key":"cache","value":"{{ report__cache.value }}"},{"key":"tag","value":"{{ report__tag.value }}"},{"key":"review","value":"{{ report__review.value }}"},{"key":"region","value":"{{ report__region.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/report"
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
      id="e0aff3c9"
      event="success"
      method="trigger"
      pluginId="report_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(report_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="report_Follow"
    query="v1/runs/{{ report_Query.data.id }}?wait_seconds=20"
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
      id="6a9b4d47"
      event="success"
      method="trigger"
      pluginId="report_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(report_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="report_Answer"
    funcBody={include("./lib/report_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="restore_Query"
    body={'[{"key":"text","value":"{{ restore__text.value }}"},{"key":"token","value":"{{ restore__token.value }}"},{"key":"secret","value":"{{ restore__secret.value }}"},{"key":"max_cost_usd","value":"{{ restore__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ restore__dry_run.value }}"},{"key":"idempotency_key","value":"{{ restore__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ restore__wait_seconds.value }}"},{"key":"callback_url","value":"{{ restore__callback_url.value }}"},{"key":"cache","value":"{{ restore__cache.value }}"},{"key":"tag","value":"{{ restore__tag.value }}"},{"key":"review","value":"{{ restore__review.value }}"},{"key":"region","value":"{{ restore__region.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/restore"
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
      id="63e8929c"
      event="success"
      method="trigger"
      pluginId="restore_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(restore_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="restore_Follow"
    query="v1/runs/{{ restore_Query.data.id }}?wait_seconds=20"
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
      id="353d8403"
      event="success"
      method="trigger"
      pluginId="restore_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(restore_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="restore_Answer"
    funcBody={include("./lib/restore_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="rewrite_Query"
    body={'[{"key":"text","value":"{{ rewrite__text.value }}"},{"key":"goal","value":"{{ rewrite__goal.value }}"},{"key":"tone","value":"{{ rewrite__tone.value }}"},{"key":"max_words","value":"{{ rewrite__max_words.value }}"},{"key":"must_keep","value":"{{ rewrite__must_keep.value }}"},{"key":"max_cost_usd","value":"{{ rewrite__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ rewrite__dry_run.value }}"},{"key":"idempotency_key","value":"{{ rewrite__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ rewrite__wait_seconds.value }}"},{"key":"callback_url","value":"{{ rewrite__callback_url.value }}"},{"key":"cache","value":"{{ rewrite__cache.value }}"},{"key":"tag","value":"{{ rewrite__tag.value }}"},{"key":"review","value":"{{ rewrite__review.value }}"},{"key":"effort","value":"{{ rewrite__effort.value }}"},{"key":"language","value":"{{ rewrite__language.value }}"},{"key":"instructions","value":"{{ rewrite__instructions.value }}"},{"key":"timezone","value":"{{ rewrite__timezone.value }}"},{"key":"region","value":"{{ rewrite__region.value }}"},{"key":"quality","value":"{{ rewrite__quality.value }}"},{"key":"previous_run","value":"{{ rewrite__previous_run.value }}"},{"key":"feedback","value":"{{ rewrite__feedback.value }}"},{"key":"clean","value":"{{ rewrite__clean.value }}"},{"key":"read_text","value":"{{ rewrite__read_text.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/rewrite"
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
      id="026b13eb"
      event="success"
      method="trigger"
      pluginId="rewrite_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(rewrite_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="rewrite_Follow"
    query="v1/runs/{{ rewrite_Query.data.id }}?wait_seconds=20"
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
      id="60fad1c0"
      event="success"
      method="trigger"
      pluginId="rewrite_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(rewrite_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="rewrite_Answer"
    funcBody={include("./lib/rewrite_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="sentiment_Query"
    body={'[{"key":"text","value":"{{ sentiment__text.value }}"},{"key":"aspects","value":"{{ sentiment__aspects.value }}"},{"key":"scale","value":"{{ sentiment__scale.value }}"},{"key":"max_cost_usd","value":"{{ sentiment__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ sentiment__dry_run.value }}"},{"key":"idempotency_key","value":"{{ sentiment__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ sentiment__wait_seconds.value }}"},{"key":"callback_url","value":"{{ sentiment__callback_url.value }}"},{"key":"cache","value":"{{ sentiment__cache.value }}"},{"key":"tag","value":"{{ sentiment__tag.value }}"},{"key":"review","value":"{{ sentiment__review.value }}"},{"key":"effort","value":"{{ sentiment__effort.value }}"},{"key":"language","value":"{{ sentiment__language.value }}"},{"key":"instructions","value":"{{ sentiment__instructions.value }}"},{"key":"quality","value":"{{ sentiment__quality.value }}"},{"key":"clean","value":"{{ sentiment__clean.value }}"},{"key":"read_text","value":"{{ sentiment__read_text.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/sentiment"
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
      id="cec6d3fa"
      event="success"
      method="trigger"
      pluginId="sentiment_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(sentiment_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="sentiment_Follow"
    query="v1/runs/{{ sentiment_Query.data.id }}?wait_seconds=20"
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
      id="412db1fd"
      event="success"
      method="trigger"
      pluginId="sentiment_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(sentiment_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="sentiment_Answer"
    funcBody={include("./lib/sentiment_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="summarize_Query"
    body={'[{"key":"text","value":"{{ summarize__text.value }}"},{"key":"length","value":"{{ summarize__length.value }}"},{"key":"format","value":"{{ summarize__format.value }}"},{"key":"audience","value":"{{ summarize__audience.value }}"},{"key":"focus","value":"{{ summarize__focus.value }}"},{"key":"max_cost_usd","value":"{{ summarize__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ summarize__dry_run.value }}"},{"key":"idempotency_key","value":"{{ summarize__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ summarize__wait_seconds.value }}"},{"key":"callback_url","value":"{{ summarize__callback_url.value }}"},{"key":"cache","value":"{{ summarize__cache.value }}"},{"key":"tag","value":"{{ summarize__tag.value }}"},{"key":"review","value":"{{ summarize__review.value }}"},{"key":"effort","value":"{{ summarize__effort.value }}"},{"key":"language","value":"{{ summarize__language.value }}"},{"key":"instructions","value":"{{ summarize__instructions.value }}"},{"key":"timezone","value":"{{ summarize__timezone.value }}"},{"key":"region","value":"{{ summarize__region.value }}"},{"key":"quality","value":"{{ summarize__quality.value }}"},{"key":"previous_run","value":"{{ summarize__previous_run.value }}"},{"key":"feedback","value":"{{ summarize__feedback.value }}"},{"key":"clean","value":"{{ summarize__clean.value }}"},{"key":"read_text","value":"{{ summarize__read_text.value }}"}]'}
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
  <RESTQuery
    id="translate_Query"
    body={'[{"key":"text","value":"{{ translate__text.value }}"},{"key":"to","value":"{{ translate__to.value }}"},{"key":"from","value":"{{ translate__from.value }}"},{"key":"formality","value":"{{ translate__formality.value }}"},{"key":"glossary","value":"{{ translate__glossary.value }}"},{"key":"keep","value":"{{ translate__keep.value }}"},{"key":"max_cost_usd","value":"{{ translate__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ translate__dry_run.value }}"},{"key":"idempotency_key","value":"{{ translate__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ translate__wait_seconds.value }}"},{"key":"callback_url","value":"{{ translate__callback_url.value }}"},{"key":"cache","value":"{{ translate__cache.value }}"},{"key":"tag","value":"{{ translate__tag.value }}"},{"key":"review","value":"{{ translate__review.value }}"},{"key":"effort","value":"{{ translate__effort.value }}"},{"key":"instructions","value":"{{ translate__instructions.value }}"},{"key":"quality","value":"{{ translate__quality.value }}"},{"key":"previous_run","value":"{{ translate__previous_run.value }}"},{"key":"feedback","value":"{{ translate__feedback.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/translate"
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
      id="28459c39"
      event="success"
      method="trigger"
      pluginId="translate_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(translate_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="translate_Follow"
    query="v1/runs/{{ translate_Query.data.id }}?wait_seconds=20"
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
      id="88d967fc"
      event="success"
      method="trigger"
      pluginId="translate_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(translate_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="translate_Answer"
    funcBody={include("./lib/translate_Answer.js", "string")}
    runBehavior="debounced"
  />
  <RESTQuery
    id="triage_Query"
    body={'[{"key":"message","value":"{{ triage__message.value }}"},{"key":"categories","value":"{{ triage__categories.value }}"},{"key":"teams","value":"{{ triage__teams.value }}"},{"key":"rules","value":"{{ triage__rules.value }}"},{"key":"known_issues","value":"{{ triage__known_issues.value }}"},{"key":"facts","value":"{{ triage__facts.value }}"},{"key":"max_cost_usd","value":"{{ triage__max_cost_usd.value }}"},{"key":"dry_run","value":"{{ triage__dry_run.value }}"},{"key":"idempotency_key","value":"{{ triage__idempotency_key.value }}"},{"key":"wait_seconds","value":"{{ triage__wait_seconds.value }}"},{"key":"callback_url","value":"{{ triage__callback_url.value }}"},{"key":"cache","value":"{{ triage__cache.value }}"},{"key":"tag","value":"{{ triage__tag.value }}"},{"key":"review","value":"{{ triage__review.value }}"},{"key":"effort","value":"{{ triage__effort.value }}"},{"key":"language","value":"{{ triage__language.value }}"},{"key":"instructions","value":"{{ triage__instructions.value }}"},{"key":"quality","value":"{{ triage__quality.value }}"},{"key":"votes","value":"{{ triage__votes.value }}"},{"key":"clean","value":"{{ triage__clean.value }}"},{"key":"read_text","value":"{{ triage__read_text.value }}"}]'}
    bodyType="json"
    headers={'[{"key":"Content-Type","value":"application/json"}]'}
    query="v1/actions/triage"
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
      id="2a2a3139"
      event="success"
      method="trigger"
      pluginId="triage_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(triage_Query.data.status) }}"
      waitMs="0"
      waitType="debounce"
    />
  </RESTQuery>
  <RESTQuery
    id="triage_Follow"
    query="v1/runs/{{ triage_Query.data.id }}?wait_seconds=20"
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
      id="1e05a7e6"
      event="success"
      method="trigger"
      pluginId="triage_Follow"
      type="datasource"
      params={{ ordered: [] }}
      enabled="{{ ['queued', 'running'].includes(triage_Follow.data.status) }}"
      waitMs="2000"
      waitType="debounce"
    />
  </RESTQuery>
  <Function
    id="triage_Answer"
    funcBody={include("./lib/triage_Answer.js", "string")}
    runBehavior="debounced"
  />
</GlobalFunctions>
