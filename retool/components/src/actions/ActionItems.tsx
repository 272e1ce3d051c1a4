import { type FC } from 'react'
import { Retool } from '@tryretool/custom-component-support'
import { useExchange } from '../exchange'
import { useOptions } from '../options'
import { OUTPUTS } from '../outputs'
import { ActionForm } from '../shared/ActionForm'
import { type Field } from '../shared/types'

export const ActionItems: FC = () => {
  Retool.useComponentSettings({ defaultWidth: 6, defaultHeight: 48 })
  const fields: Field[] = [
    {
      name: "file",
      box: "file",
      label: "File",
      help: "Up to 5 photos, PDF, DOCX or text files: https addresses, one a line, data URLs, or the files themselves.",
      placeholder: "",
      required: false,
      orText: "text",
      max: 5,
      choices: [],
      state: Retool.useStateString({
        name: "file",
        initialValue: "",
        inspector: "text",
        label: "File",
        description: "Up to 5 photos, PDF, DOCX or text files: https addresses, one a line, data URLs, or the files themselves.",
      })
    },
    {
      name: "text",
      box: "longtext",
      label: "Notes",
      help: "Notes, typed here instead of sending a file.",
      placeholder: "",
      required: false,
      max: 2000000,
      choices: [],
      state: Retool.useStateString({
        name: "text",
        initialValue: "",
        inspector: "text",
        label: "Notes",
        description: "Notes, typed here instead of sending a file.",
      })
    },
    {
      name: "people",
      box: "longtext",
      label: "People",
      help: "Who can own a task, one a line. Owners that are not among them are marked.",
      placeholder: "",
      required: false,
      max: 200,
      choices: [],
      state: Retool.useStateString({
        name: "people",
        initialValue: "",
        inspector: "text",
        label: "People",
        description: "Who can own a task, one a line. Owners that are not among them are marked.",
      })
    },
    {
      name: "today",
      box: "text",
      label: "Today",
      help: "The day from which next Friday is counted, such as 2026-03-02.",
      placeholder: "",
      required: false,
      max: 40,
      choices: [],
      state: Retool.useStateString({
        name: "today",
        initialValue: "",
        inspector: "text",
        label: "Today",
        description: "The day from which next Friday is counted, such as 2026-03-02.",
      })
    },
  ]
  const [showOptions] = Retool.useStateBoolean({
    name: "showAdvanced",
    initialValue: false,
    inspector: "checkbox",
    label: "Show advanced options",
    description: "Offer the options of a run, too.",
  })
  const exchange = useExchange()
  const options: Field[] = useOptions()
  const run = Retool.useEventCallback({ name: "run" })
  return (
    <ActionForm
      title={"Action items"}
      summary={"Turns notes, minutes or a photo of a whiteboard into tasks with owners and due dates, decisions and open questions."}
      fields={fields}
      options={options}
      outputs={OUTPUTS["action_items"] ?? []}
      showOptions={showOptions}
      exchange={exchange}
      run={run}
    />
  )
}
