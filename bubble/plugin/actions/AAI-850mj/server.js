async function(properties, context) {
  // Get a run: Where a run stands and, once it is done, its whole answer: the keys that its action answers with stand beside these. Made by `formcall build bubble`: change the action's file and build again, not this one.
  const ACTION = {
    method: "GET",
    path: "/v1/runs/{run_id}",
    wait_seconds: 0,
    most_wait_seconds: 100,
    hand_over: "hand the run over",
    return_error: "return the error",
    inputs: [
      {"name": "run_id", "to": "run_id", "in": "path", "as": "text", "label": "Run"},
      {"name": "wait_seconds", "to": "wait_seconds", "in": "query", "as": "number"},
    ],
    outputs: [
      {"name": "status", "from": "status", "as": "text"},
      {"name": "result", "from": "result", "as": "text"},
      {"name": "detail", "from": "detail", "as": "text"},
      {"name": "id", "from": "id", "as": "text"},
      {"name": "status_url", "from": "status_url", "as": "text"},
      {"name": "errors_field", "from": "errors", "as": "text", "list": true, "part": "field", "parts": ["field", "code", "message"]},
      {"name": "errors_code", "from": "errors", "as": "text", "list": true, "part": "code", "parts": ["field", "code", "message"]},
      {"name": "errors_message", "from": "errors", "as": "text", "list": true, "part": "message", "parts": ["field", "code", "message"]},
      {"name": "approvals_call", "from": "approvals", "as": "number", "list": true, "part": "call", "parts": ["call", "tool", "title", "arguments", "text"]},
      {"name": "approvals_tool", "from": "approvals", "as": "text", "list": true, "part": "tool", "parts": ["call", "tool", "title", "arguments", "text"]},
      {"name": "approvals_title", "from": "approvals", "as": "text", "list": true, "part": "title", "parts": ["call", "tool", "title", "arguments", "text"]},
      {"name": "approvals_arguments", "from": "approvals", "as": "text", "list": true, "part": "arguments", "parts": ["call", "tool", "title", "arguments", "text"]},
      {"name": "approvals_text", "from": "approvals", "as": "text", "list": true, "part": "text", "parts": ["call", "tool", "title", "arguments", "text"]},
      {"name": "approvals_text_", "from": "approvals_text", "as": "text"},
      {"name": "cost_usd", "from": "cost_usd", "as": "number"},
      {"name": "estimated_usd", "from": "estimated_usd", "as": "number"},
      {"name": "reserved_usd", "from": "reserved_usd", "as": "number"},
      {"name": "created_at", "from": "created_at", "as": "text"},
      {"name": "ended_at", "from": "ended_at", "as": "text"},
      {"name": "attempt", "from": "attempt", "as": "number"},
      {"name": "tag", "from": "tag", "as": "text"},
      {"name": "answer", "from": "answer", "as": "text"},
      {"name": "value", "from": "value", "as": "text"},
      {"name": "found", "from": "found", "as": "boolean"},
      {"name": "quotes", "from": "quotes", "as": "text", "list": true},
      {"name": "quotes_text", "from": "quotes_text", "as": "text"},
      {"name": "tools_used", "from": "tools_used", "as": "text", "list": true},
      {"name": "tools_used_text", "from": "tools_used_text", "as": "text"},
      {"name": "steps", "from": "steps", "as": "number"},
      {"name": "trace_step", "from": "trace", "as": "number", "list": true, "part": "step", "parts": ["step", "tool", "input", "output", "ok", "duration_ms", "value"]},
      {"name": "trace_tool", "from": "trace", "as": "text", "list": true, "part": "tool", "parts": ["step", "tool", "input", "output", "ok", "duration_ms", "value"]},
      {"name": "trace_input", "from": "trace", "as": "text", "list": true, "part": "input", "parts": ["step", "tool", "input", "output", "ok", "duration_ms", "value"]},
      {"name": "trace_output", "from": "trace", "as": "text", "list": true, "part": "output", "parts": ["step", "tool", "input", "output", "ok", "duration_ms", "value"]},
      {"name": "trace_ok", "from": "trace", "as": "boolean", "list": true, "part": "ok", "parts": ["step", "tool", "input", "output", "ok", "duration_ms", "value"]},
      {"name": "trace_duration_ms", "from": "trace", "as": "number", "list": true, "part": "duration_ms", "parts": ["step", "tool", "input", "output", "ok", "duration_ms", "value"]},
      {"name": "trace_value", "from": "trace", "as": "text", "list": true, "part": "value", "parts": ["step", "tool", "input", "output", "ok", "duration_ms", "value"]},
      {"name": "evidence_field", "from": "evidence", "as": "text", "list": true, "part": "field", "parts": ["field", "quote", "start", "end", "verified"]},
      {"name": "evidence_quote", "from": "evidence", "as": "text", "list": true, "part": "quote", "parts": ["field", "quote", "start", "end", "verified"]},
      {"name": "evidence_start", "from": "evidence", "as": "number", "list": true, "part": "start", "parts": ["field", "quote", "start", "end", "verified"]},
      {"name": "evidence_end", "from": "evidence", "as": "number", "list": true, "part": "end", "parts": ["field", "quote", "start", "end", "verified"]},
      {"name": "evidence_verified", "from": "evidence", "as": "boolean", "list": true, "part": "verified", "parts": ["field", "quote", "start", "end", "verified"]},
      {"name": "checks_check", "from": "checks", "as": "text", "list": true, "part": "check", "parts": ["check", "ok", "detail"]},
      {"name": "checks_ok", "from": "checks", "as": "boolean", "list": true, "part": "ok", "parts": ["check", "ok", "detail"]},
      {"name": "checks_detail", "from": "checks", "as": "text", "list": true, "part": "detail", "parts": ["check", "ok", "detail"]},
      {"name": "checks_failed", "from": "checks_failed", "as": "number"},
      {"name": "model", "from": "model", "as": "text"},
      {"name": "escalated", "from": "escalated", "as": "boolean"},
      {"name": "version", "from": "version", "as": "number"},
      {"name": "previous_run", "from": "previous_run", "as": "text"},
      {"name": "warnings", "from": "warnings", "as": "text", "list": true},
      {"name": "category", "from": "category", "as": "text"},
      {"name": "categories", "from": "categories", "as": "text", "list": true},
      {"name": "categories_text", "from": "categories_text", "as": "text"},
      {"name": "matched", "from": "matched", "as": "boolean"},
      {"name": "confidence", "from": "confidence", "as": "number"},
      {"name": "confidence_kind", "from": "confidence_kind", "as": "text"},
      {"name": "reason", "from": "reason", "as": "text"},
      {"name": "runner_up", "from": "runner_up", "as": "text"},
      {"name": "data_json", "from": "data_json", "as": "text"},
      {"name": "names", "from": "names", "as": "text", "list": true, "beside": ["names", "values"]},
      {"name": "values", "from": "values", "as": "text", "list": true, "beside": ["names", "values"]},
      {"name": "rows", "from": "rows", "as": "text", "list": true},
      {"name": "not_found", "from": "not_found", "as": "text", "list": true},
      {"name": "not_found_text", "from": "not_found_text", "as": "text"},
      {"name": "summary", "from": "summary", "as": "text"},
      {"name": "bullets", "from": "bullets", "as": "text", "list": true},
      {"name": "bullets_text", "from": "bullets_text", "as": "text"},
      {"name": "word_count", "from": "word_count", "as": "number"},
      {"name": "items_task", "from": "items", "as": "text", "list": true, "part": "task", "parts": ["task", "owner", "due", "quote", "file", "page"]},
      {"name": "items_owner", "from": "items", "as": "text", "list": true, "part": "owner", "parts": ["task", "owner", "due", "quote", "file", "page"]},
      {"name": "items_due", "from": "items", "as": "text", "list": true, "part": "due", "parts": ["task", "owner", "due", "quote", "file", "page"]},
      {"name": "items_quote", "from": "items", "as": "text", "list": true, "part": "quote", "parts": ["task", "owner", "due", "quote", "file", "page"]},
      {"name": "items_file", "from": "items", "as": "number", "list": true, "part": "file", "parts": ["task", "owner", "due", "quote", "file", "page"]},
      {"name": "items_page", "from": "items", "as": "number", "list": true, "part": "page", "parts": ["task", "owner", "due", "quote", "file", "page"]},
      {"name": "items_text", "from": "items_text", "as": "text"},
      {"name": "decisions", "from": "decisions", "as": "text", "list": true},
      {"name": "decisions_text", "from": "decisions_text", "as": "text"},
      {"name": "open_questions", "from": "open_questions", "as": "text", "list": true},
      {"name": "open_questions_text", "from": "open_questions_text", "as": "text"},
      {"name": "outline", "from": "outline", "as": "text"},
      {"name": "transcript", "from": "transcript", "as": "text"},
      {"name": "unknown_owners", "from": "unknown_owners", "as": "text", "list": true},
      {"name": "unknown_owners_text", "from": "unknown_owners_text", "as": "text"},
      {"name": "evidence_source", "from": "evidence", "as": "text", "list": true, "part": "source", "parts": ["field", "quote", "source", "page", "start", "end", "verified"]},
      {"name": "evidence_page", "from": "evidence", "as": "number", "list": true, "part": "page", "parts": ["field", "quote", "source", "page", "start", "end", "verified"]},
      {"name": "findings_title", "from": "findings", "as": "text", "list": true, "part": "title", "parts": ["title", "detail", "basis", "quote", "page"]},
      {"name": "findings_detail", "from": "findings", "as": "text", "list": true, "part": "detail", "parts": ["title", "detail", "basis", "quote", "page"]},
      {"name": "findings_basis", "from": "findings", "as": "text", "list": true, "part": "basis", "parts": ["title", "detail", "basis", "quote", "page"]},
      {"name": "findings_quote", "from": "findings", "as": "text", "list": true, "part": "quote", "parts": ["title", "detail", "basis", "quote", "page"]},
      {"name": "findings_page", "from": "findings", "as": "number", "list": true, "part": "page", "parts": ["title", "detail", "basis", "quote", "page"]},
      {"name": "findings_text", "from": "findings_text", "as": "text"},
      {"name": "page_count", "from": "page_count", "as": "number"},
      {"name": "coverage", "from": "coverage", "as": "number"},
      {"name": "text_found", "from": "text_found", "as": "text"},
      {"name": "table_csv", "from": "table_csv", "as": "text"},
      {"name": "objects_name", "from": "objects", "as": "text", "list": true, "part": "name", "parts": ["name", "count"]},
      {"name": "objects_count", "from": "objects", "as": "number", "list": true, "part": "count", "parts": ["name", "count"]},
      {"name": "objects_text", "from": "objects_text", "as": "text"},
      {"name": "quotes_quote", "from": "quotes", "as": "text", "list": true, "part": "quote", "parts": ["quote", "file", "page"]},
      {"name": "quotes_file", "from": "quotes", "as": "number", "list": true, "part": "file", "parts": ["quote", "file", "page"]},
      {"name": "quotes_page", "from": "quotes", "as": "number", "list": true, "part": "page", "parts": ["quote", "file", "page"]},
      {"name": "citations_field", "from": "citations", "as": "text", "list": true, "part": "field", "parts": ["field", "quote", "source", "page", "start", "end", "verified"]},
      {"name": "citations_quote", "from": "citations", "as": "text", "list": true, "part": "quote", "parts": ["field", "quote", "source", "page", "start", "end", "verified"]},
      {"name": "citations_source", "from": "citations", "as": "text", "list": true, "part": "source", "parts": ["field", "quote", "source", "page", "start", "end", "verified"]},
      {"name": "citations_page", "from": "citations", "as": "number", "list": true, "part": "page", "parts": ["field", "quote", "source", "page", "start", "end", "verified"]},
      {"name": "citations_start", "from": "citations", "as": "number", "list": true, "part": "start", "parts": ["field", "quote", "source", "page", "start", "end", "verified"]},
      {"name": "citations_end", "from": "citations", "as": "number", "list": true, "part": "end", "parts": ["field", "quote", "source", "page", "start", "end", "verified"]},
      {"name": "citations_verified", "from": "citations", "as": "boolean", "list": true, "part": "verified", "parts": ["field", "quote", "source", "page", "start", "end", "verified"]},
    ],
  };
  const SAID = {
    no_base_url: {"detail": "Base URL is empty. Open the Plugins tab of your app, choose Formcall, and enter the address of your service.", "retryable": false},
    bad_base_url: {"detail": "Base URL is not an address such as https://forms.example.com. Enter it without a question mark in the Plugins tab.", "retryable": false},
    no_api_key: {"detail": "API Key is empty. Open the Plugins tab of your app, choose Formcall, and enter a key of your service.", "retryable": false},
    bad_api_key: {"detail": "API Key has spaces or signs that no key has. Copy it again, alone, into the Plugins tab.", "retryable": false},
    invalid_input: {"detail": "\"{label}\" is empty; it is needed.", "retryable": false},
    unreachable: {"detail": "The service could not be reached at the Base URL ({reason}). Check the address in the Plugins tab, and that it is up.", "retryable": true},
    timed_out: {"detail": "The service did not answer within {seconds} seconds. A run may go on; the same idempotency key gives the same run.", "retryable": true},
    not_formcall: {"detail": "What answered at the Base URL (status {status}) is not Formcall. Check the address in the Plugins tab.", "retryable": false},
    unexpected: {"detail": "A value of this step could not be read. Check the data in its boxes, and that the plug-in fits the service's version.", "retryable": false},
  };
  const ENDED = ["done", "dry_run", "failed", "incomplete", "interrupted", "cancelled"];
  const PATIENCE = 20; // seconds beyond what the service itself waits; the sum stays below the 150 after which Bubble calls again

  const fail = (code, values = {}) => {
    const detail = SAID[code].detail.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
    throw Object.assign(new Error(detail), { told: { code, detail, retryable: SAID[code].retryable } });
  };

  const isEmpty = (value) =>
    value === null || value === undefined || (typeof value === "string" && value.trim() === "") || (Array.isArray(value) && value.length === 0);

  // --- what comes from the workflow ---

  const entriesOf = async (value) => {
    if (Array.isArray(value)) return value;
    if (typeof value !== "object" || typeof value.get !== "function") return [value];
    const count = typeof value.length === "function" ? await value.length() : await value.length;
    return count ? Array.from(await value.get(0, count)) : [];
  };
  const asText = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));
  const linesOf = async (value) => (await entriesOf(value)).filter((one) => !isEmpty(one)).map(asText);
  const withScheme = (address) => address.trim().replace(/^\/\//, "https://");
  const READ = {
    text: async (value) => (typeof value === "object" ? (await linesOf(value)).join("\n") : String(value)),
    number: async (value) => value,
    yes: async (value) => value === true || value === "yes" || value === "true",
    list: linesOf,
    address: async (value) => String(value).split("\n").map(withScheme).join("\n"),
    addresses: async (value) => (await linesOf(value)).map(withScheme),
  };

  const readInputs = async () => {
    const sent = { path: {}, query: {}, body: {} };
    for (const input of ACTION.inputs) {
      const given = properties[input.name];
      const value = isEmpty(given) ? null : await READ[input.as](given);
      const place = sent[input.in];
      if (isEmpty(value) || (input.only_yes && !value) || input.to in place) continue;
      place[input.to] = value;
    }
    if (properties.wait === ACTION.hand_over) sent.body.wait_seconds = 0;
    return sent;
  };

  // --- the call ---

  const baseUrl = () => {
    const given = String((context.keys || {})["Base URL"] || "").trim().replace(/\/+$/, "");
    if (!given) fail("no_base_url");
    const base = /^[a-z]+:\/\//i.test(given) ? given : `https://${given}`;
    if (!/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/i.test(base)) fail("bad_base_url");
    return base;
  };

  const apiKey = () => {
    const key = String((context.keys || {})["API Key"] || "").trim();
    if (!key) fail("no_api_key");
    if (!/^[\x21-\x7e]+$/.test(key)) fail("bad_api_key");
    return key;
  };

  const addressOf = (sent) => {
    const path = ACTION.path.replace(/\{(\w+)\}/g, (_, name) => {
      if (isEmpty(sent.path[name])) fail("invalid_input", { label: ACTION.inputs.find((input) => input.to === name).label });
      return encodeURIComponent(String(sent.path[name]).trim());
    });
    const query = new URLSearchParams(sent.query).toString();
    return `${baseUrl()}${path}${query ? `?${query}` : ""}`;
  };

  const secondsFor = (sent) => {
    const asked = Number({ ...sent.query, ...sent.body }.wait_seconds ?? ACTION.wait_seconds);
    return Math.min(asked >= 0 ? asked : 0, ACTION.most_wait_seconds) + PATIENCE;
  };

  const ask = async (sent) => {
    const url = addressOf(sent);
    const headers = { Authorization: `Bearer ${apiKey()}`, Accept: "application/json", "Content-Type": "application/json" };
    const seconds = secondsFor(sent);
    const stop = new AbortController();
    const late = Symbol("late");
    let timer;
    const waited = new Promise((resolve) => { timer = setTimeout(resolve, seconds * 1000, late); });
    const answered = (async () => {
      const body = ACTION.method === "GET" ? {} : { body: JSON.stringify(sent.body) };
      const response = await fetch(url, { method: ACTION.method, headers, redirect: "manual", signal: stop.signal, ...body });
      return { status: response.status, text: await response.text() };
    })();
    try {
      const found = await Promise.race([answered, waited]);
      if (found !== late) return found;
    } catch (error) {
      // only the code of a failed connection is told: other words might hold the address or the key
      const reason = String((error.cause || error).code || "");
      fail("unreachable", { reason: /^[A-Z][A-Z0-9_]+$/.test(reason) ? reason : "no connection" });
    } finally {
      clearTimeout(timer);
    }
    answered.catch(() => {});
    stop.abort();
    return fail("timed_out", { seconds });
  };

  const objectIn = (text) => {
    try {
      const found = JSON.parse(text);
      return found !== null && typeof found === "object" && !Array.isArray(found) ? found : null;
    } catch {
      return null;
    }
  };

  const sentenceOf = (problem) => {
    const several = Array.isArray(problem.errors) && problem.errors.length > 1;
    return several ? problem.errors.map((error) => error.message).join(" ") : String(problem.detail);
  };

  const call = async () => {
    const sent = await readInputs();
    const { status, text } = await ask(sent);
    const answer = objectIn(text);
    if (answer && status >= 200 && status < 300) return { answer, text };
    if (!answer || status < 400 || typeof answer.code !== "string") fail("not_formcall", { status });
    const told = { code: answer.code, detail: sentenceOf(answer), retryable: answer.retryable === true };
    throw Object.assign(new Error(told.detail), { told, text, answer: { ...answer, status: answer.run_status || "failed" } });
  };

  // --- what goes back to the workflow ---

  const plain = (value) => (typeof value === "boolean" ? (value ? "yes" : "no") : Array.isArray(value) ? value.join(", ") : asText(value));
  const AS = {
    text: (value) => (isEmpty(value) ? null : plain(value)),
    number: (value) => (typeof value === "number" && Number.isFinite(value) ? value : null),
    boolean: (value) => (typeof value === "boolean" ? value : null),
  };
  const listIn = (value) => (Array.isArray(value) ? value : []);

  const columnIn = (answer, output) => {
    const rows = output.beside
      ? listIn(answer[output.from]).map((_, at) => Object.fromEntries(output.beside.map((name) => [name, listIn(answer[name])[at]])))
      : listIn(answer[output.from]);
    const parts = output.beside || output.parts;
    const whole = rows.filter((row) => parts.every((name) => !isEmpty(row[name])));
    return whole.map((row) => AS[output.as](row[output.part || output.from]));
  };

  const valueOf = (answer, output) => {
    if (!output.list) return AS[output.as](answer[output.from]);
    if (output.parts || output.beside) return columnIn(answer, output);
    return listIn(answer[output.from]).filter((one) => !isEmpty(one)).map((one) => (output.as === "text" ? asText(one) : AS[output.as](one)));
  };

  const outputsOf = (answer, told, text) => ({
    ...Object.fromEntries(ACTION.outputs.map((output) => [output.name, valueOf(answer, output)])),
    success: !told,
    finished: answer.status === undefined || ENDED.includes(answer.status),
    error_code: told ? told.code : "",
    error_message: told ? told.detail : "",
    retryable: Boolean(told && told.retryable),
    raw_json: text || "",
  });

  // a run or batch may be found to have failed: then the call is answered, and the answer says so
  const toldIn = (answer) =>
    isEmpty(answer.code) ? null : { code: answer.code, detail: String(answer.detail || ""), retryable: answer.retryable === true };

  try {
    const { answer, text } = await call();
    return outputsOf(answer, toldIn(answer), text);
  } catch (error) {
    const told = error.told || { code: "unexpected", ...SAID.unexpected };
    if (properties.on_error !== ACTION.return_error) throw new Error(`${told.detail} (${told.code})`);
    return outputsOf(error.answer || {}, told, error.text);
  }
}
