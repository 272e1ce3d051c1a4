import { type Json, type Plain } from "./types"

/** What is shown: nothing yet, an answer, a price, an open run, one that waits for a person, or a problem. */
export type Standing = "empty" | "done" | "dry_run" | "open" | "waiting" | "problem"

export interface Problem {
  detail: string
  code: string
  fields: Record<string, string>
}

const OPEN = ["queued", "running"]
const WAITING = ["needs_review", "needs_approval"]
const NOT_THE_SERVICE =
  "A web page came back instead of an answer: a proxy or a sign-in page in front of the service, or a wrong address. Check the resource of the query, and that the service is up."

export function standing(response: Plain, problem: Problem | null): Standing {
  if (problem) return "problem"
  const status = response.status
  if (typeof status !== "string") return "empty"
  if (OPEN.includes(status)) return "open"
  if (WAITING.includes(status)) return "waiting"
  return status === "dry_run" ? "dry_run" : "done"
}

/** The problem, from the query's error or the service's response; null if there is none. */
export function readProblem(errorMessage: string, response: Plain): Problem | null {
  const problem = isProblem(response) ? response : problemIn(errorMessage)
  if (!problem) return unexplained(errorMessage.trim(), response)
  const fields: Record<string, string> = {}
  for (const one of Array.isArray(problem.errors) ? problem.errors : []) {
    if (isPlain(one) && typeof one.field === "string") fields[one.field] ??= text(one.message)
  }
  return { detail: text(problem.detail), code: text(problem.code), fields }
}

/** The price and what made the answer, in one line. */
export function bill(response: Plain): string {
  const engine = response.engine === "local" ? "embedded engine" : text(response.model)
  const tokens = number(response.input_tokens) + number(response.output_tokens)
  const seconds = number(response.duration_ms) / 1000
  const words = [
    engine,
    price(response.cost_usd),
    tokens ? `${tokens.toLocaleString("en")} tokens` : "",
    `${seconds.toFixed(1)} s`,
  ]
  return words.filter(Boolean).join(" · ")
}

export function price(cost: Json | undefined): string {
  if (typeof cost !== "number") return "price not known"
  if (cost === 0) return "free"
  return cost < 0.01 ? `$${Number(cost.toFixed(6))}` : `$${cost.toFixed(2)}`
}

export function text(value: Json | undefined): string {
  return typeof value === "string"
    ? value
    : value === undefined || value === null
      ? ""
      : JSON.stringify(value)
}

export function isPlain(value: Json | undefined): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** A failure without the service's own words; the HTML of a proxy is not shown to anybody. */
function unexplained(errorMessage: string, response: unknown): Problem | null {
  const isPage = [errorMessage, response].some((one) => typeof one === "string" && isHtml(one))
  const detail = isPage ? NOT_THE_SERVICE : errorMessage
  return detail ? { detail, code: "", fields: {} } : null
}

function isHtml(words: string): boolean {
  const start = words.toLowerCase()
  return ["<!doctype", "<html", "<head", "<body"].some((tag) => start.includes(tag))
}

function number(value: Json | undefined): number {
  return typeof value === "number" ? value : 0
}

function isProblem(value: Plain): boolean {
  return typeof value.detail === "string" && typeof value.code === "string" && value.code !== ""
}

/** The service's own words where a query's error holds them as JSON, alone or behind other words. */
function problemIn(message: string): Plain | null {
  const start = message.indexOf("{")
  if (start < 0) return null
  try {
    const found = JSON.parse(message.slice(start, message.lastIndexOf("}") + 1)) as Json
    const inner = isPlain(found) && isPlain(found.data) ? found.data : found
    return isPlain(inner) && isProblem(inner) ? inner : null
  } catch {
    return null
  }
}
