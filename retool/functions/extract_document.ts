/** Reads the fields you name out of a PDF, a Word file or a scan, as typed values, with the page of each. */
export default async function runExtractDocument({ params }: { params: ExtractDocumentParams }): Promise<ExtractDocumentAnswer> {
  return (await run(params)) as ExtractDocumentAnswer
}

export interface ExtractDocumentParams {
  /** A PDF, DOCX, TXT, CSV, HTML file or an image: its https address, a data URL, base64, or the file itself. */
  file: string | string[]
  /** One a line, as `name type: hint`. Types: text, number, integer, boolean, date, datetime, time, email, phone, url, money, percent, choice(a|b), list. Without a type it is text. */
  fields: string | string[] | Record<string, string>
  /** Which pages to read, such as 1-3, 7. Empty: all. */
  pages?: string
  /** How long the model may think. More effort costs more and takes longer. */
  effort?: 'low' | 'medium' | 'high'
  /** The language to answer in, such as English or Deutsch. Empty: the language of the text. */
  language?: string
  /** Anything the model should also know or do, in your own words. */
  instructions?: string
  /** Which model answers. Automatic asks the stronger one only where the first is not sure or not valid. */
  quality?: 'standard' | 'strong' | 'auto'
  /** The most this run may cost, such as 0.05. It is refused, or ends, before it costs more. */
  max_cost_usd?: number
  /** Ask nobody and spend nothing: show the request that would be sent, its tokens and the most it can cost. */
  dry_run?: boolean
  /** Any text that names this step once, such as an order's number. The same key gives the same run for 24 hours. */
  idempotency_key?: string
  /** How long to wait for the answer: 25 if empty, 0 not at all. The run then goes on, and you have its id. */
  wait_seconds?: number
  /** An https address that the answer is also sent to once the run has ended. */
  callback_url?: string
  /** How long the same request may be answered from before, free. Off unless you choose it. */
  cache?: 'off' | '1h' | '1d' | '7d'
  /** A word of yours to find this run by, such as a customer or a campaign. */
  tag?: string
  /** How often to ask. A value counts that most calls gave, and the confidence is the share of them that agree. */
  votes?: '1' | '3' | '5'
}

export interface ExtractDocumentAnswer {
  /** True when there is an answer. A failure is never answered with 200. */
  ok: boolean
  /** What became of the run: done, or dry_run. */
  status: string
  /** The answer as one text to show. */
  result: string
  data?: Record<string, unknown>
  /** data as JSON text. */
  data_json?: string
  /** The names in data. */
  names?: Array<string>
  /** The values in data, in the order of names. */
  values?: Array<unknown | null>
  not_found?: Array<string>
  /** not_found as one text. */
  not_found_text?: string
  evidence?: Array<{ field: string; quote: string | null; source: string; page: number | null; start: number | null; end: number | null; verified: boolean }>
  page_count?: number
  coverage?: number
  /** What the server looked up by itself: quotes, numbers, names and addresses in the source, tools that were said to be used. */
  checks: Array<{ check: string; ok: boolean; detail: string }>
  /** How many of them do not hold; each is also a warning. */
  checks_failed: number
  /** The run's id. */
  id: string
  /** The action that was run. */
  action: string
  /** Who answered: openai, local or scripted. */
  engine: string
  /** The model that answered. */
  model: string
  /** The model that was asked for. */
  model_requested: string
  /** How long the model was allowed to think. */
  effort: string
  /** Whether the stronger model was asked after the first; a warning says why, and what the first cost. */
  escalated: boolean
  /** Which version of the text this is: 1, or one more than that of the previous run. */
  version: number
  /** The run that this is a new version of; empty for a first one. */
  previous_run: string
  /** What a person should know about this answer. */
  warnings: Array<string>
  /** Tokens read. */
  input_tokens: number
  /** Those of them that cost less because they were read before. */
  cached_tokens: number
  /** Tokens written, thinking included. */
  output_tokens: number
  /** Those of them that were thinking. */
  reasoning_tokens: number
  /** What the run cost, in US dollars; null when the price is not known. */
  cost_usd: number | null
  /** How long the run took, in milliseconds. */
  duration_ms: number
}

const ACTION = "v1/actions/extract_document"
// a function of Retool may take 60 seconds
const WAIT_SECONDS = 25
const DEADLINE_MS = 45_000

interface Told {
  ok?: boolean
  status?: string
  id?: string
  detail?: string
}

/** The answer; while the run goes on it is asked for again, and a failure is an error with the service's sentence. */
async function run(params: object): Promise<Told> {
  const until = Date.now() + DEADLINE_MS
  let told = await ask('POST', ACTION, { wait_seconds: WAIT_SECONDS, ...params })
  while ((told.status === 'queued' || told.status === 'running') && Date.now() < until) {
    told = await ask('GET', `v1/runs/${told.id}?wait_seconds=10`)
  }
  if (told.status === 'queued' || told.status === 'running') throw new Error(`The run goes on. Ask for it later by its id: ${told.id}`)
  if (told.ok !== true) throw new Error(told.detail ?? 'The service gave no answer.')
  return told
}

async function ask(method: 'GET' | 'POST', path: string, body?: object): Promise<Told> {
  const headers = { 'Content-Type': 'application/json' }
  try {
    const { data } = await formcall.rawRequest(body ? { method, path, headers, body } : { method, path, headers })
    return (typeof data === 'string' ? JSON.parse(data) : data) as Told
  } catch (error) {
    const told = (error as { response?: { data?: Told } }).response?.data
    throw told?.detail ? new Error(told.detail) : error
  }
}
