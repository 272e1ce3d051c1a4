import { type ReactElement, useId, useState } from "react"
import { CopyButton } from "./CopyButton"
import { isPlain, text } from "./answer"
import { type Plain } from "./types"

interface WaitingViewProps {
  response: Plain
  decide?: ((decision: string, note: string) => void) | undefined
}

/**
 * A run that waits for a person: why, what is decided, and the page on which anybody who has its link
 * decides. With `decide` the decision can be made here.
 */
export function WaitingView({ response, decide }: WaitingViewProps): ReactElement {
  const link = webAddress(text(response.review_url))
  const calls = Array.isArray(response.approvals) ? response.approvals.filter(isPlain) : []
  return (
    <div className="fc-waiting">
      <p className="fc-result-text">A person decides first.</p>
      <p>{text(response.detail)}</p>
      {calls.length ? (
        <ul className="fc-list">
          {calls.map((call, place) => (
            <li key={place}>{text(call.text)}</li>
          ))}
        </ul>
      ) : null}
      {link ? (
        <div className="fc-buttons">
          <a className="fc-anchor" href={link} target="_blank" rel="noreferrer">
            Open the page for the decision
          </a>
          <CopyButton value={link} />
        </div>
      ) : null}
      {decide ? <Decision isOfCalls={calls.length > 0} decide={decide} /> : null}
    </div>
  )
}

function Decision({
  isOfCalls,
  decide,
}: {
  isOfCalls: boolean
  decide: (decision: string, note: string) => void
}): ReactElement {
  const [note, setNote] = useState("")
  const id = useId()
  return (
    <>
      <label className="fc-label" htmlFor={id}>
        Note (optional)
      </label>
      <textarea
        id={id}
        className="fc-input"
        rows={2}
        maxLength={2000}
        value={note}
        onChange={(event) => setNote(event.target.value)}
      />
      <div className="fc-buttons">
        <button type="button" className="fc-button" onClick={() => decide("accept", note)}>
          {isOfCalls ? "Approve" : "Accept"}
        </button>
        <button
          type="button"
          className="fc-button fc-button-outline"
          onClick={() => decide("refuse", note)}
        >
          Refuse
        </button>
      </div>
    </>
  )
}

/** The address if it is one of a web page; another kind could run a script. */
function webAddress(address: string): string {
  return /^https?:\/\//i.test(address) ? address : ""
}
