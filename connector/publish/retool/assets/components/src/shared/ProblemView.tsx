import { type ReactElement } from "react"
import { type Problem } from "./answer"

export function ProblemView({ problem }: { problem: Problem }): ReactElement {
  return (
    <div className="fc-problem" role="alert">
      <p>{problem.detail}</p>
      {problem.code ? <p className="fc-code">{problem.code}</p> : null}
    </div>
  )
}
