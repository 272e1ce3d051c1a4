import { type ReactElement, useEffect } from "react"
import { AnswerView } from "./AnswerView"
import { BusyButton, Card } from "./Card"
import { ProblemView } from "./ProblemView"
import { readProblem, standing, text } from "./answer"
import { type Exchange, type Outputs } from "./types"

interface StatusCardProps {
  runId: string
  outputs: Outputs
  exchange: Exchange
  check: () => void
  cancel: () => void
}

const WAIT_SECONDS = 20 // how long the service may keep the query waiting; a query of Retool has more time than that
const PAUSE_MS = 2000

/** A run that continues in the background: polled until it is finished, then shown. */
export function StatusCard(props: StatusCardProps): ReactElement {
  const { runId } = props
  const { isRunning, response, errorMessage, setRequest } = props.exchange
  const own = response.id === runId ? response : {}
  const problem = isRunning ? null : readProblem(errorMessage, own)
  const now = standing(own, problem)
  const isOpen = runId !== "" && (now === "empty" || now === "open")

  function check(): void {
    setRequest({ run_id: runId, wait_seconds: WAIT_SECONDS })
    props.check()
  }

  useEffect(() => {
    if (!isOpen || isRunning) return undefined
    const timer = window.setTimeout(check, now === "empty" ? 0 : PAUSE_MS)
    return () => window.clearTimeout(timer)
  }, [runId, isOpen, isRunning, response])

  if (runId === "") {
    return (
      <Card title="Run status" summary="">
        <p className="fc-none">No run yet. Bind Run id to the id that an action answers with.</p>
      </Card>
    )
  }
  return (
    <Card title="Run status" summary={runId}>
      <div className="fc-outcome" aria-live="polite" aria-busy={isOpen}>
        <span className="fc-status">{problem ? "no answer" : text(own.status) || "asking"}</span>
        {problem ? <ProblemView problem={problem} /> : null}
        {isOpen ? <p className="fc-none">The run continues. Its answer will appear here.</p> : null}
        {now === "done" ? (
          <AnswerView response={own} outputs={props.outputs[text(own.action)] ?? []} />
        ) : null}
      </div>
      {now === "done" ? null : (
        <div className="fc-buttons">
          <BusyButton busy={isRunning} label="Check now" busyLabel="Checking…" onPress={check} />
          {isOpen ? (
            <button type="button" className="fc-button fc-button-outline" onClick={props.cancel}>
              Cancel the run
            </button>
          ) : null}
        </div>
      )}
    </Card>
  )
}
