import { type Field, type Json } from './types'

/** A state as one text: builders also bind lists, numbers and nothing at all to a box for text. */
export function asText(value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n')
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

export function asList(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(asText)
  return asText(value).split(/[\n,]/).map((one) => one.trim()).filter(Boolean)
}

/** What the service is sent for a field. An empty text or list means that it is not given. */
export function wireValue(field: Field): Json {
  const held = field.state[0]
  switch (field.box) {
    case 'switch':
      return held === true || held === 'true'
    case 'checks':
      return asList(held)
    case 'select':
      return field.choices.find((choice) => choice.key === held)?.value ?? ''
    default:
      return asText(held)
  }
}

/** The sentence for a box that must not be empty, as the service says it. */
export function missing(field: Field): string {
  const value = wireValue(field)
  const empty = Array.isArray(value) ? value.length === 0 : typeof value === 'string' && value.trim() === ''
  return field.required && empty ? `"${field.label}" is empty; it is needed.` : ''
}
