/** Puts a text into one of your categories, or into several, and says when none fits. */
export default async function runClassify({ params }: { params: ClassifyParams }): Promise<ClassifyAnswer> {
  return (await run(params)) as ClassifyAnswer
}

export interface ClassifyParams {
  /** The text to classify. */
  text: string
  /** One a line, as `name: when it fits`. The description may be left out, but it helps. */
  categories: string | string[] | Record<string, string>
  /** Give every category that fits instead of the best one. */
  multiple?: boolean
  /** Worked cases, one a line, as `text => category`. */
  examples?: string | string[]
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

export interface ClassifyAnswer {
  /** True when there is an answer. A failure is never answered with 200. */
  ok: boolean
  /** What became of the run: done, or dry_run. */
  status: string
  /** The answer as one text to show. */
  result: string
  category?: string | null
  /** All that fit, best first */
  categories?: Array<string>
  /** categories as one text. */
  categories_text?: string
  matched?: boolean
  confidence?: number | null
  /** Where the number comes from: reported by the model, agreement of repeated calls, similarity, or none. */
  confidence_kind?: "none" | "reported" | "similarity" | "agreement" | "evidence"
  reason?: string
  runner_up?: string | null
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

const ACTION = "v1/actions/classify"
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
