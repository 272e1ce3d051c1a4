import { type ChangeEvent, type ReactElement } from 'react'
import { asList, asText } from './values'
import { type Box, type Field, write } from './types'

interface BoxProps {
  field: Field
  id: string
  described: string | undefined
  wrong: boolean
}

const LINES = 4

function TextBox({ field, id, described, wrong }: BoxProps): ReactElement {
  return (
    <input id={id} type="text" className="fc-input" value={asText(field.state[0])} placeholder={field.placeholder}
      required={field.required} aria-invalid={wrong} aria-describedby={described}
      onChange={(event) => write(field, event.target.value)} />
  )
}

function LongTextBox({ field, id, described, wrong }: BoxProps): ReactElement {
  return (
    <textarea id={id} rows={LINES} className="fc-input" value={asText(field.state[0])} placeholder={field.placeholder}
      required={field.required} aria-invalid={wrong} aria-describedby={described}
      onChange={(event) => write(field, event.target.value)} />
  )
}

function NumberBox({ field, id, described, wrong }: BoxProps): ReactElement {
  const held = field.state[0]
  function change(event: ChangeEvent<HTMLInputElement>): void {
    const typed = event.target.value
    // a state for numbers holds no empty text
    write(field, typeof held === 'number' && typed !== '' ? Number(typed) : typed)
  }
  return (
    <input id={id} type="number" step="any" className="fc-input" value={asText(held)} placeholder={field.placeholder}
      required={field.required} aria-invalid={wrong} aria-describedby={described} onChange={change} />
  )
}

function SelectBox({ field, id, described, wrong }: BoxProps): ReactElement {
  return (
    <select id={id} className="fc-input" value={asText(field.state[0])} required={field.required} aria-invalid={wrong}
      aria-describedby={described} onChange={(event) => write(field, event.target.value)}>
      {field.choices.map((choice) => <option key={choice.key} value={choice.key}>{choice.label}</option>)}
    </select>
  )
}

function SwitchBox({ field, id, described }: BoxProps): ReactElement {
  const on = field.state[0] === true || field.state[0] === 'true'
  return (
    <input id={id} type="checkbox" role="switch" className="fc-switch" checked={on} aria-describedby={described}
      onChange={(event) => write(field, event.target.checked)} />
  )
}

function ChecksBox({ field, id, described }: BoxProps): ReactElement {
  const held = asList(field.state[0])
  function change(value: string, on: boolean): void {
    write(field, field.choices.map((one) => one.value).filter((one) => (one === value ? on : held.includes(one))))
  }
  return (
    <div role="group" aria-labelledby={`${id}-label`} aria-describedby={described} className="fc-checks">
      {field.choices.map((choice) => (
        <label key={choice.value} className="fc-check">
          <input type="checkbox" checked={held.includes(choice.value)} onChange={(event) => change(choice.value, event.target.checked)} />
          {choice.label}
        </label>
      ))}
    </div>
  )
}

function FileBox({ field, id, described, wrong }: BoxProps): ReactElement {
  const held = asText(field.state[0])
  function choose(event: ChangeEvent<HTMLInputElement>): void {
    const file = event.target.files?.[0]
    if (!file) return
    const reader = new FileReader()
    reader.onload = () => write(field, asText(reader.result))
    reader.readAsDataURL(file)
  }
  return (
    <div className="fc-file">
      <input id={id} type="file" aria-invalid={wrong} aria-describedby={described} onChange={choose} />
      {held.startsWith('data:') ? <button type="button" className="fc-link" onClick={() => write(field, '')}>Remove</button> : (
        <input type="text" className="fc-input" aria-label={`${field.label}: its address`} placeholder="or https://…" value={held}
          onChange={(event) => write(field, event.target.value)} />
      )}
    </div>
  )
}

export const BOXES: Record<Box, (props: BoxProps) => ReactElement> = {
  text: TextBox,
  longtext: LongTextBox,
  number: NumberBox,
  select: SelectBox,
  switch: SwitchBox,
  checks: ChecksBox,
  file: FileBox
}

/** Boxes that are a group of controls: their label is no `<label>` of one of them. */
export const GROUPS: readonly Box[] = ['checks']
