import { type ReactElement, useState } from "react"
import { AnswerView, PriceView } from "./AnswerView"
import { BusyButton, Card } from "./Card"
import { FieldRow } from "./FieldRow"
import { ProblemView } from "./ProblemView"
import { WaitingView } from "./WaitingView"
import { type Problem, readProblem, standing, text } from "./answer"
import { type Exchange, type Field, type Output, type Plain } from "./types"
import { missing, wireValue } from "./values"

interface ActionFormProps {
  title: string
  summary: string
  fields: Field[]
  options: Field[]
  outputs: Output[]
  showOptions: boolean
  exchange: Exchange
  run: () => void
}

/**
 * The form of an action. On Run it writes all fields into `request` and fires `run`; the app's own
 * query makes the call, and its result returns in `response`, `isRunning` and `errorMessage`.
 */
export function ActionForm(props: ActionFormProps): ReactElement {
  const { fields, options } = props
  const { isRunning, response, errorMessage, setRequest } = props.exchange
  const [asked, setAsked] = useState(false)
  const problem = isRunning ? null : readProblem(errorMessage, response)
  const faults = asked ? missing(fields) : {}
  const wrong: Record<string, string> = { ...problem?.fields, ...faults }

  function press(): void {
    setAsked(true)
    if (Object.keys(missing(fields)).length) return
    // all keys each time: Retool merges a new request into the one before
    setRequest(
      Object.fromEntries([...fields, ...options].map((field) => [field.name, wireValue(field)])),
    )
    props.run()
  }

  const hasFaults = Object.keys(faults).length > 0
  return (
    <Card title={props.title} summary={props.summary} theme={props.exchange.theme}>
      {fields.map((field) => (
        <FieldRow key={field.name} field={field} error={wrong[field.name] ?? ""} />
      ))}
      {props.showOptions ? (
        <details className="fc-options">
          <summary>Advanced</summary>
          {options.map((field) => (
            <FieldRow key={field.name} field={field} error={wrong[field.name] ?? ""} />
          ))}
        </details>
      ) : null}
      <BusyButton busy={isRunning} label="Run" busyLabel="Running…" onPress={press} />
      <div className="fc-outcome" aria-live="polite" aria-busy={isRunning}>
        {hasFaults ? (
          <p className="fc-field-error">Fill in what is marked, then run again.</p>
        ) : (
          <Outcome
            response={response}
            isRunning={isRunning}
            outputs={props.outputs}
            problem={problem}
            asked={asked}
          />
        )}
      </div>
    </Card>
  )
}

interface OutcomeProps {
  response: Plain
  isRunning: boolean
  outputs: Output[]
  problem: Problem | null
  asked: boolean
}

function Outcome({ problem, asked, ...props }: OutcomeProps): ReactElement {
  if (props.isRunning) return <p className="fc-none">The answer is on its way.</p>
  switch (standing(props.response, problem)) {
    case "problem":
      return problem ? <ProblemView problem={problem} /> : <></>
    case "open":
      return <HandedOver response={props.response} />
    case "waiting":
      return <WaitingView response={props.response} />
    case "dry_run":
      return <PriceView response={props.response} />
    case "done":
      return <AnswerView response={props.response} outputs={props.outputs} />
    default:
      return asked ? (
        <p className="fc-none">
          No answer came. Connect this component’s Run event to a query, and Response to its data.
        </p>
      ) : (
        <p className="fc-none">The answer will appear here.</p>
      )
  }
}

function HandedOver({ response }: { response: Plain }): ReactElement {
  return (
    <div className="fc-answer">
      <p className="fc-result-text">
        The run continues. Get its answer later with its id, for example with the component Run
        status.
      </p>
      <p className="fc-bill">{text(response.id)}</p>
    </div>
  )
}
