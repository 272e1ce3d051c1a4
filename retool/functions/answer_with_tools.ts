/** Answers a question with the tools you allow, and shows every call it made. */
export default async function runAnswerWithTools({ params }: { params: AnswerWithToolsParams }): Promise<AnswerWithToolsAnswer> {
  return (await run(params)) as AnswerWithToolsAnswer
}

export interface AnswerWithToolsParams {
  question: string
  /** Text that the answer may be based on. */
  context?: string
  /** What may be used. Nothing is allowed unless you name it here. */
  tools?: ('calculate' | 'dates' | 'search_context' | 'python' | 'fetch_page' | 'web_search')[]
  /** Which calls wait until a person has said yes. The run then says "needs_review", and goes on once you approve or refuse it. */
  approve?: 'writes' | 'all' | 'never'
  /** Accept only an answer for which a tool was really used. */
  require_tool?: boolean
  /** How many rounds of tool calls there may be. */
  max_steps?: number
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
  /** The id of an earlier run of this action, to get a new version of its text. Fields left empty stay as they were. */
  previous_run?: string
  /** What the new version should do otherwise, such as: shorter, and name the date. */
  feedback?: string
}

export interface AnswerWithToolsAnswer {
  /** True when there is an answer. A failure is never answered with 200. */
  ok: boolean
  /** What became of the run: done, or dry_run. */
  status: string
  /** The answer as one text to show. */
  result: string
  /** One or two sentences; if not found, what is missing */
  answer?: string
  /** The bare number, date or name asked for, as the tool gave it */
  value?: string | null
  /** false: tools and context do not answer it */
  found?: boolean
  /** Sentences copied from the context that prove it */
  quotes?: Array<string>
  /** quotes as one text. */
  quotes_text?: string
  tools_used?: Array<string>
  /** tools_used as one text. */
  tools_used_text?: string
  steps?: number
  trace?: Array<{ step: number; tool: string; input: string; output: string; ok: boolean; duration_ms: number; value: string | null }>
  evidence?: Array<{ field: string; quote: string | null; start: number | null; end: number | null; verified: boolean }>
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

const ACTION = "v1/actions/answer_with_tools"
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
