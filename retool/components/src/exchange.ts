import { Retool } from '@tryretool/custom-component-support'
import { type Exchange, type Plain } from './shared/types'

export function useExchange(): Exchange {
  const [, setRequest] = Retool.useStateObject({
    name: "request",
    initialValue: {},
    inspector: "hidden",
    label: "Request",
    description: "What Run has asked for: the body of the query.",
  })
  const [response] = Retool.useStateObject({
    name: "response",
    initialValue: {},
    inspector: "text",
    label: "Response",
    description: "The query's data, such as {{ query1.data }}.",
  })
  const [isRunning] = Retool.useStateBoolean({
    name: "isRunning",
    initialValue: false,
    inspector: "text",
    label: "Is running",
    description: "Whether the query is under way: {{ query1.isFetching }}.",
  })
  const [errorMessage] = Retool.useStateString({
    name: "errorMessage",
    initialValue: "",
    inspector: "text",
    label: "Error message",
    description: "The query's error: {{ query1.error }}.",
  })
  return { setRequest, response: (response ?? {}) as Plain, isRunning: isRunning === true, errorMessage: errorMessage ?? '' }
}
