import { type ReactElement, useId } from "react"
import { BOXES, GROUPS } from "./boxes"
import { type Field } from "./types"

/** A field with its label, its help and, when it is wrong, the sentence that says so. */
export function FieldRow({ field, error }: { field: Field; error: string }): ReactElement {
  const id = useId()
  const Control = BOXES[field.box]
  const described =
    [error ? `${id}-error` : "", field.help ? `${id}-help` : ""].filter(Boolean).join(" ") ||
    undefined
  const star = field.required ? (
    <span className="fc-star" aria-hidden="true">
      {" "}
      *
    </span>
  ) : null
  const label = GROUPS.includes(field.box) ? (
    <span id={`${id}-label`} className="fc-label">
      {field.label}
      {star}
    </span>
  ) : (
    <label htmlFor={id} className="fc-label">
      {field.label}
      {star}
    </label>
  )
  return (
    <div className={field.box === "switch" ? "fc-row fc-row-switch" : "fc-row"}>
      {label}
      <Control field={field} id={id} described={described} wrong={error !== ""} />
      {error ? (
        <p id={`${id}-error`} className="fc-field-error">
          {error}
        </p>
      ) : null}
      {field.help ? (
        <p id={`${id}-help`} className="fc-help">
          <Words text={field.help} />
        </p>
      ) : null}
    </div>
  )
}

/** A help text, in which `such words` are to be typed as they are. */
function Words({ text }: { text: string }): ReactElement {
  return (
    <>
      {text.split("`").map((part, place) => (place % 2 ? <code key={place}>{part}</code> : part))}
    </>
  )
}
