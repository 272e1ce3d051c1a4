import { type Field, type Json } from "./types"

/** A state as one text: builders also bind lists, numbers and nothing at all to a box for text. */
export function asText(value: unknown): string {
  if (value === null || value === undefined) return ""
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return value.join("\n")
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}

export function asList(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(asText)
  return asText(value)
    .split(/[\n,]/)
    .map((one) => one.trim())
    .filter(Boolean)
}

/** What the service is sent for a field. An empty text or list means that it is not given. */
export function wireValue(field: Field): Json {
  const held = field.state[0]
  switch (field.box) {
    case "switch":
      return held === true || held === "true"
    case "checks":
      return asList(held)
    case "select":
      return field.choices.find((choice) => choice.key === held)?.value ?? ""
    default:
      return asText(held)
  }
}

function isEmpty(field: Field): boolean {
  const value = wireValue(field)
  return Array.isArray(value)
    ? value.length === 0
    : typeof value === "string" && value.trim() === ""
}

/** What is missing, by field, in the sentences that the service has for it. */
export function missing(fields: Field[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const field of fields.filter(isEmpty)) {
    const instead = fields.find((other) => other.name === field.orText)
    if (field.required) found[field.name] = `"${field.label}" is empty; it is needed.`
    else if (instead && isEmpty(instead))
      found[field.name] =
        `"${field.label}" and "${instead.label}" are both empty; one of them is needed.`
  }
  return found
}
