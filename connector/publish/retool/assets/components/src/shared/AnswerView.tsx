import { type ReactElement, useState } from "react"
import { CopyButton } from "./CopyButton"
import { bill, isPlain, price, text } from "./answer"
import { type Json, type Output, type Plain } from "./types"

const CHIP_LENGTH = 40
const MAX_SHOWN = 1500 // characters of a text before the rest is folded
const MAX_ROWS = 20 // of a table
// columns that say where a row was found: only for who checks an answer
const PLACES = ["start", "end"]
const FOLDED = ["confidence_kind", "evidence"]

/** An answer: the one text to show, the other values under their names, and folded how they were found. */
export function AnswerView({
  response,
  outputs,
}: {
  response: Plain
  outputs: Output[]
}): ReactElement {
  const result = text(response.result)
  // a value that is the result itself is not shown twice
  const shown = outputs.filter(
    ({ name }) => name in response && (!result || text(response[name]) !== result),
  )
  const folded = shown.filter((output) => isDetail(output.name, response[output.name]))
  const plain = shown.filter((output) => !folded.includes(output))
  return (
    <div className="fc-answer">
      <div className="fc-result">
        <div className="fc-result-text">
          {result ? <Long value={result} /> : <span className="fc-none">No answer fits.</span>}
        </div>
        <CopyButton value={result} />
      </div>
      <Values outputs={plain} response={response} />
      <Warnings response={response} />
      {folded.length ? (
        <details className="fc-details">
          <summary>Details</summary>
          <Values outputs={folded} response={response} />
        </details>
      ) : null}
      <p className="fc-bill">{bill(response)}</p>
    </div>
  )
}

function Values({
  outputs,
  response,
}: {
  outputs: Output[]
  response: Plain
}): ReactElement | null {
  if (!outputs.length) return null
  return (
    <dl className="fc-values">
      {outputs.map(({ name, label }) => (
        <div key={name} className={isWide(response[name]) ? "fc-wide" : undefined}>
          <dt>{label}</dt>
          <dd>
            <Value value={response[name]} label={label} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** How an answer was found, such as offsets: for who checks it, and not for who reads it. */
function isDetail(name: string, value: Json | undefined): boolean {
  if (FOLDED.includes(name)) return true
  const rows = Array.isArray(value) ? value : []
  return rows.some((row) => isPlain(row) && PLACES.every((place) => place in row))
}

/** A text; the rest of a long one is shown on request, in a box that scrolls. */
function Long({ value }: { value: string }): ReactElement {
  const [isWhole, setWhole] = useState(false)
  if (value.length <= MAX_SHOWN) return <>{value}</>
  const words = isWhole ? value : `${value.slice(0, MAX_SHOWN)}…`
  return (
    <>
      <div className={isWhole ? "fc-long" : undefined} tabIndex={isWhole ? 0 : undefined}>
        {words}
      </div>
      <More isOpen={isWhole} label="Show all of the text" toggle={() => setWhole(!isWhole)} />
    </>
  )
}

function More(props: { isOpen: boolean; label: string; toggle: () => void }): ReactElement {
  return (
    <button
      type="button"
      className="fc-link"
      aria-expanded={props.isOpen}
      onClick={() => props.toggle()}
    >
      {props.isOpen ? "Show less" : props.label}
    </button>
  )
}

/** A dry run: what the run would usually cost, and at most. */
export function PriceView({ response }: { response: Plain }): ReactElement {
  return (
    <div className="fc-answer">
      <p className="fc-result-text">{text(response.result)}</p>
      <Warnings response={response} />
      <p className="fc-bill">
        Usually: {price(response.expected_cost_usd)}. At most: {price(response.max_cost_usd)}
      </p>
    </div>
  )
}

function Warnings({ response }: { response: Plain }): ReactElement | null {
  const warnings = Array.isArray(response.warnings) ? response.warnings : []
  if (!warnings.length) return null
  return (
    <ul className="fc-warnings">
      {warnings.map((warning) => (
        <li key={text(warning)}>{text(warning)}</li>
      ))}
    </ul>
  )
}

/** Records and tables get the whole width. */
function isWide(value: Json | undefined): boolean {
  return isPlain(value) || (Array.isArray(value) && value.some((one) => isPlain(one)))
}

function Value({ value, label }: { value: Json | undefined; label: string }): ReactElement {
  if (value === null || value === undefined || value === "")
    return <span className="fc-none">not given</span>
  if (typeof value === "boolean") return <span>{value ? "yes" : "no"}</span>
  if (Array.isArray(value)) return <List values={value} label={label} />
  if (isPlain(value)) return <Record value={value} />
  if (typeof value === "string") return <Long value={value} />
  return <span>{String(value)}</span>
}

function List({ values, label }: { values: Json[]; label: string }): ReactElement {
  if (!values.length) return <span className="fc-none">none</span>
  if (values.every((one) => isPlain(one))) return <Table rows={values as Plain[]} label={label} />
  const isShort = values.every((one) => text(one).length <= CHIP_LENGTH)
  return (
    <ul className={isShort ? "fc-chips" : "fc-list"}>
      {values.map((one, place) => (
        <li key={place}>
          <Value value={one} label={label} />
        </li>
      ))}
    </ul>
  )
}

function Record({ value }: { value: Plain }): ReactElement {
  return (
    <table className="fc-table">
      <tbody>
        {Object.entries(value).map(([name, one]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <Value value={one} label={name} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Table({ rows, label }: { rows: Plain[]; label: string }): ReactElement {
  const [isWhole, setWhole] = useState(false)
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const shown = isWhole ? rows : rows.slice(0, MAX_ROWS)
  const more = `Show all ${rows.length.toLocaleString("en")} rows`
  return (
    <div className="fc-scroll" tabIndex={0} role="group" aria-label={label}>
      <table className="fc-table">
        <thead>
          <tr>
            {names.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row, place) => (
            <tr key={place}>
              {names.map((name) => (
                <td key={name}>
                  <Value value={row[name]} label={name} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MAX_ROWS ? (
        <More isOpen={isWhole} label={more} toggle={() => setWhole(!isWhole)} />
      ) : null}
    </div>
  )
}
