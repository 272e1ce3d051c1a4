import { type ChangeEvent, type ReactElement, useRef } from "react"
import { asList, asText } from "./values"
import { type Box, type Field, write } from "./types"

interface BoxProps {
  field: Field
  id: string
  described: string | undefined
  wrong: boolean
}

const LINES = 4

function TextBox({ field, id, described, wrong }: BoxProps): ReactElement {
  return (
    <input
      id={id}
      type="text"
      className="fc-input"
      value={asText(field.state[0])}
      placeholder={field.placeholder}
      required={field.required}
      aria-invalid={wrong}
      aria-describedby={described}
      onChange={(event) => write(field, event.target.value)}
    />
  )
}

function LongTextBox({ field, id, described, wrong }: BoxProps): ReactElement {
  return (
    <textarea
      id={id}
      rows={LINES}
      className="fc-input"
      value={asText(field.state[0])}
      placeholder={field.placeholder}
      required={field.required}
      aria-invalid={wrong}
      aria-describedby={described}
      onChange={(event) => write(field, event.target.value)}
    />
  )
}

function NumberBox({ field, id, described, wrong }: BoxProps): ReactElement {
  const held = field.state[0]
  function change(event: ChangeEvent<HTMLInputElement>): void {
    const typed = event.target.value
    // a state for numbers holds no empty text
    write(field, typeof held === "number" && typed !== "" ? Number(typed) : typed)
  }
  return (
    <input
      id={id}
      type="number"
      step="any"
      min={field.min}
      max={field.max}
      className="fc-input"
      value={asText(held)}
      placeholder={field.placeholder}
      required={field.required}
      aria-invalid={wrong}
      aria-describedby={described}
      onChange={change}
    />
  )
}

function SelectBox({ field, id, described, wrong }: BoxProps): ReactElement {
  return (
    <select
      id={id}
      className="fc-input"
      value={asText(field.state[0])}
      required={field.required}
      aria-invalid={wrong}
      aria-describedby={described}
      onChange={(event) => write(field, event.target.value)}
    >
      {field.choices.map((choice) => (
        <option key={choice.key} value={choice.key}>
          {choice.label}
        </option>
      ))}
    </select>
  )
}

function SwitchBox({ field, id, described }: BoxProps): ReactElement {
  const on = field.state[0] === true || field.state[0] === "true"
  return (
    <input
      id={id}
      type="checkbox"
      role="switch"
      className="fc-switch"
      checked={on}
      aria-describedby={described}
      onChange={(event) => write(field, event.target.checked)}
    />
  )
}

function ChecksBox({ field, id, described }: BoxProps): ReactElement {
  const held = asList(field.state[0])
  function change(value: string, on: boolean): void {
    write(
      field,
      field.choices
        .map((one) => one.value)
        .filter((one) => (one === value ? on : held.includes(one))),
    )
  }
  return (
    <div
      role="group"
      aria-labelledby={`${id}-label`}
      aria-describedby={described}
      className="fc-checks"
    >
      {field.choices.map((choice) => (
        <label key={choice.value} className="fc-check">
          <input
            type="checkbox"
            checked={held.includes(choice.value)}
            onChange={(event) => change(choice.value, event.target.checked)}
          />
          {choice.label}
        </label>
      ))}
    </div>
  )
}

function FileBox({ field, id, described, wrong }: BoxProps): ReactElement {
  const chooser = useRef<HTMLInputElement>(null)
  const held = asText(field.state[0])
  const many = (field.max ?? 1) > 1
  async function choose(event: ChangeEvent<HTMLInputElement>): Promise<void> {
    const files = [...(event.target.files ?? [])]
    if (files.length) write(field, (await Promise.all(files.map(dataAddress))).join("\n"))
  }
  function remove(): void {
    if (chooser.current) chooser.current.value = ""
    write(field, "")
  }
  const typed = {
    className: "fc-input",
    "aria-label": `${field.label}: its address`,
    placeholder: "or https://…",
    value: held,
  }
  const change = (event: { target: { value: string } }): void => write(field, event.target.value)
  return (
    <div className="fc-file">
      <input
        id={id}
        ref={chooser}
        type="file"
        multiple={many}
        aria-invalid={wrong}
        aria-describedby={described}
        onChange={(event) => void choose(event)}
      />
      {held.startsWith("data:") ? (
        <button type="button" className="fc-link" onClick={remove}>
          Remove
        </button>
      ) : many ? (
        <textarea rows={1} {...typed} onChange={change} />
      ) : (
        <input type="text" {...typed} onChange={change} />
      )}
    </div>
  )
}

/** A file of the person's disk as a data: address, with its name. */
function dataAddress(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () =>
      resolve(
        asText(reader.result).replace(";base64,", `;name=${encodeURIComponent(file.name)};base64,`),
      )
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(file)
  })
}

export const BOXES: Record<Box, (props: BoxProps) => ReactElement> = {
  text: TextBox,
  longtext: LongTextBox,
  number: NumberBox,
  select: SelectBox,
  switch: SwitchBox,
  checks: ChecksBox,
  file: FileBox,
}

/** Boxes that are a group of controls: their label is no `<label>` of one of them. */
export const GROUPS: readonly Box[] = ["checks"]
