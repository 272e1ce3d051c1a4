import { type ReactElement } from "react"
import { CopyButton } from "./CopyButton"
import { bill, isPlain, price, text } from "./answer"
import { type Json, type Output, type Plain } from "./types"

const CHIP_LENGTH = 40

/** An answer: the one text to show, each value under its name, warnings, and what it cost. */
export function AnswerView({
  response,
  outputs,
}: {
  response: Plain
  outputs: Output[]
}): ReactElement {
  const result = text(response.result)
  const shown = outputs.filter((output) => output.name in response)
  return (
    <div className="fc-answer">
      <div className="fc-result">
        <p className="fc-result-text">
          {result || <span className="fc-none">No answer fits.</span>}
        </p>
        <CopyButton value={result} />
      </div>
      {shown.length ? (
        <dl className="fc-values">
          {shown.map((output) => (
            <div
              key={output.name}
              className={isWide(response[output.name]) ? "fc-wide" : undefined}
            >
              <dt>{output.label}</dt>
              <dd>
                <Value value={response[output.name]} label={output.label} />
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
      <Warnings response={response} />
      <p className="fc-bill">{bill(response)}</p>
    </div>
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
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
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
          {rows.map((row, place) => (
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
    </div>
  )
}
