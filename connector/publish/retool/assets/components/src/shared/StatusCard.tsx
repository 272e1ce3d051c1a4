import { type ReactElement, useEffect, useState } from "react"
import { AnswerView } from "./AnswerView"
import { BusyButton, Card } from "./Card"
import { ProblemView } from "./ProblemView"
import { WaitingView } from "./WaitingView"
import { type Problem, readProblem, standing, text } from "./answer"
import { type Exchange, type Outputs, type Plain } from "./types"

interface StatusCardProps {
  runId: string
  outputs: Outputs
  exchange: Exchange
  check: () => void
  cancel: () => void
  decide: () => void
}

const WAIT_SECONDS = 20 // how long the service may keep the query waiting; a query of Retool has more time than that
const PAUSE_MS = 2000
const PERSON_PAUSE_MS = 15_000 // how often a run that waits for a person is asked for

/** A run that continues in the background: polled until it is finished, then shown. */
export function StatusCard(props: StatusCardProps): ReactElement {
  const { runId } = props
  const { isRunning, response, errorMessage, setRequest } = props.exchange
  // the answer to a decision is the review; the run itself is asked for then
  const isReview = "decided_at" in response
  const own = response.id === runId && !isReview ? response : {}
  const problem = isRunning ? null : readProblem(errorMessage, own)
  const now = standing(own, problem)
  const isOpen = runId !== "" && (now === "empty" || now === "open")
  const isWaiting = runId !== "" && now === "waiting"
  // which run was decided here: its status is asked for at once
  const [decided, setDecided] = useState("")
  const pauses = {
    empty: 0,
    open: PAUSE_MS,
    waiting: decided === runId ? PAUSE_MS : PERSON_PAUSE_MS,
  }

  function check(): void {
    setRequest({ run_id: runId, wait_seconds: WAIT_SECONDS })
    props.check()
  }

  function decide(decision: string, note: string): void {
    setRequest({ run_id: runId, decision, note })
    setDecided(runId)
    props.decide()
  }

  useEffect(() => {
    if (!(isOpen || isWaiting) || isRunning) return undefined
    const timer = window.setTimeout(check, pauses[now as keyof typeof pauses])
    return () => window.clearTimeout(timer)
  }, [runId, isOpen, isWaiting, isRunning, response, decided])

  if (runId === "") {
    return (
      <Card title="Run status" summary="" theme={props.exchange.theme}>
        <p className="fc-none">No run yet. Bind Run id to the id that an action answers with.</p>
      </Card>
    )
  }
  return (
    <Card title="Run status" summary={runId} theme={props.exchange.theme}>
      <div className="fc-outcome" aria-live="polite" aria-busy={isOpen}>
        <span className="fc-status">
          {isWaiting ? "waits for a person" : statusOf(own, problem)}
        </span>
        {problem ? <ProblemView problem={problem} /> : null}
        {isOpen ? <p className="fc-none">The run continues. Its answer will appear here.</p> : null}
        {isWaiting ? (
          <WaitingView response={own} decide={decided === runId ? undefined : decide} />
        ) : null}
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

function statusOf(response: Plain, problem: Problem | null): string {
  return problem ? "no answer" : text(response.status) || "asking"
}
