import { type FC } from 'react'
import { Retool } from '@tryretool/custom-component-support'
import { useExchange } from '../exchange'
import { useOptions } from '../options'
import { OUTPUTS } from '../outputs'
import { ActionForm } from '../shared/ActionForm'
import { type Field } from '../shared/types'

export const AnalyzeDocument: FC = () => {
  Retool.useComponentSettings({ defaultWidth: 6, defaultHeight: 62 })
  const fields: Field[] = [
    {
      name: "task",
      box: "longtext",
      label: "Task",
      help: "What to look for, such as trends in demand or risks for a supplier.",
      placeholder: "",
      required: true,
      max: 5000,
      choices: [],
      state: Retool.useStateString({
        name: "task",
        initialValue: "",
        inspector: "text",
        label: "Task",
        description: "What to look for, such as trends in demand or risks for a supplier.",
      })
    },
    {
      name: "file",
      box: "file",
      label: "File",
      help: "A PDF, DOCX, TXT, CSV, HTML file or an image: its https address, a data URL, base64, or the file itself.",
      placeholder: "",
      required: false,
      orText: "text",
      choices: [],
      state: Retool.useStateString({
        name: "file",
        initialValue: "",
        inspector: "text",
        label: "File",
        description: "A PDF, DOCX, TXT, CSV, HTML file or an image: its https address, a data URL, base64, or the file itself.",
      })
    },
    {
      name: "text",
      box: "longtext",
      label: "Text",
      help: "Text to analyze, typed here instead of sending a file.",
      placeholder: "",
      required: false,
      max: 2000000,
      choices: [],
      state: Retool.useStateString({
        name: "text",
        initialValue: "",
        inspector: "text",
        label: "Text",
        description: "Text to analyze, typed here instead of sending a file.",
      })
    },
    {
      name: "kind",
      box: "select",
      label: "Kind",
      help: "",
      placeholder: "",
      required: false,
      choices: [
        { key: "findings", value: "findings", label: "Findings" },
        { key: "trends", value: "trends", label: "Trends" },
        { key: "risks", value: "risks", label: "Risks" },
        { key: "claims", value: "claims", label: "Claims" },
      ],
      state: Retool.useStateEnumeration({
        name: "kind",
        initialValue: "findings",
        enumDefinition: ["findings", "trends", "risks", "claims"],
        enumLabels: { "findings": "Findings", "trends": "Trends", "risks": "Risks", "claims": "Claims" },
        inspector: "select",
        label: "Kind",
      })
    },
    {
      name: "count",
      box: "number",
      label: "Count",
      help: "How many to give at most, the most important first.",
      placeholder: "",
      required: false,
      min: 1,
      max: 50,
      choices: [],
      state: Retool.useStateNumber({
        name: "count",
        initialValue: 10,
        inspector: "text",
        label: "Count",
        description: "How many to give at most, the most important first.",
      })
    },
    {
      name: "pages",
      box: "text",
      label: "Pages",
      help: "Which pages to read, such as 1-3, 7. Empty: all.",
      placeholder: "",
      required: false,
      max: 1000,
      choices: [],
      state: Retool.useStateString({
        name: "pages",
        initialValue: "",
        inspector: "text",
        label: "Pages",
        description: "Which pages to read, such as 1-3, 7. Empty: all.",
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
      title={"Analyze a document"}
      summary={"Finds what matters in a long document, such as trends or risks, each with its page and the words that prove it."}
      fields={fields}
      options={options}
      outputs={OUTPUTS["analyze_document"] ?? []}
      showOptions={showOptions}
      exchange={exchange}
      run={run}
    />
  )
}
