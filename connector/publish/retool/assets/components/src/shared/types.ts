/** What a form shows for a field: one of the boxes of `boxes.tsx`. */
export type Box = "text" | "longtext" | "number" | "switch" | "select" | "checks" | "file"

/** One of a fixed set: `key` is what Retool's state holds, `value` what the service is sent. */
export interface Choice {
  key: string
  value: string
  label: string
}

/**
 * One box of the form and its Retool state. `orText` is the box that may be filled in instead; `min`
 * and `max` bound a number, and `max` is the number of files that a file box takes.
 */
export interface Field {
  name: string
  box: Box
  label: string
  help: string
  placeholder: string
  required: boolean
  choices: Choice[]
  orText?: string
  min?: number
  max?: number
  state: readonly [unknown, (value: never) => void]
}

export interface Output {
  name: string
  label: string
}

export type Outputs = Record<string, Output[]>
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type Plain = { [key: string]: Json }

/** What a component sends to the app's query, what the query returns, and how it looks. */
export interface Exchange {
  theme: string
  setRequest: (request: Plain) => void
  response: Plain
  isRunning: boolean
  errorMessage: string
}

export function write(field: Field, value: Json): void {
  const set = field.state[1] as (value: Json) => void
  set(value)
}
