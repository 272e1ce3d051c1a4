import { type FC } from 'react'
import { Retool } from '@tryretool/custom-component-support'
import { useExchange } from '../exchange'
import { OUTPUTS } from '../outputs'
import { StatusCard } from '../shared/StatusCard'

export const RunStatus: FC = () => {
  Retool.useComponentSettings({ defaultWidth: 6, defaultHeight: 27 })
  const [runId] = Retool.useStateString({
    name: "runId",
    initialValue: "",
    inspector: "text",
    label: "Run id",
    description: "The id of a run that was handed over: {{ query1.data.id }}.",
  })
  const exchange = useExchange()
  const check = Retool.useEventCallback({ name: "check" })
  const cancel = Retool.useEventCallback({ name: "cancel" })
  return <StatusCard runId={runId ?? ''} outputs={OUTPUTS} exchange={exchange} check={check} cancel={cancel} />
}
