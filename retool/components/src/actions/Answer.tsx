import { type FC } from 'react'
import { Retool } from '@tryretool/custom-component-support'
import { useExchange } from '../exchange'
import { useOptions } from '../options'
import { OUTPUTS } from '../outputs'
import { ActionForm } from '../shared/ActionForm'
import { type Field } from '../shared/types'

export const Answer: FC = () => {
  Retool.useComponentSettings({ defaultWidth: 6, defaultHeight: 48 })
  const fields: Field[] = [
    {
      name: "question",
      box: "longtext",
      label: "Question",
      help: "",
      placeholder: "",
      required: true,
      max: 20000,
      choices: [],
      state: Retool.useStateString({
        name: "question",
        initialValue: "",
        inspector: "text",
        label: "Question",
      })
    },
    {
      name: "sources",
      box: "file",
      label: "Sources",
      help: "Up to 20 PDF, DOCX, TXT, CSV, HTML files or images: https addresses, one a line, data URLs, or the files themselves.",
      placeholder: "",
      required: false,
      orText: "text",
      max: 20,
      choices: [],
      state: Retool.useStateString({
        name: "sources",
        initialValue: "",
        inspector: "text",
        label: "Sources",
        description: "Up to 20 PDF, DOCX, TXT, CSV, HTML files or images: https addresses, one a line, data URLs, or the files themselves.",
      })
    },
    {
      name: "text",
      box: "longtext",
      label: "Text",
      help: "Text to answer from, typed here instead of sending files.",
      placeholder: "",
      required: false,
      max: 2000000,
      choices: [],
      state: Retool.useStateString({
        name: "text",
        initialValue: "",
        inspector: "text",
        label: "Text",
        description: "Text to answer from, typed here instead of sending files.",
      })
    },
    {
      name: "style",
      box: "select",
      label: "Style",
      help: "",
      placeholder: "",
      required: false,
      choices: [
        { key: "short", value: "short", label: "Short" },
        { key: "detailed", value: "detailed", label: "Detailed" },
      ],
      state: Retool.useStateEnumeration({
        name: "style",
        initialValue: "short",
        enumDefinition: ["short", "detailed"],
        enumLabels: { "short": "Short", "detailed": "Detailed" },
        inspector: "select",
        label: "Style",
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
  const options: Field[] = [...useOptions(),
    {
      name: "previous_run",
      box: "text",
      label: "Previous run",
      help: "The id of an earlier run of this action, to get a new version of its text. Fields left empty stay as they were.",
      placeholder: "",
      required: false,
      max: 100,
      choices: [],
      state: Retool.useStateString({
        name: "previousRun",
        initialValue: "",
        inspector: "text",
        label: "Previous run",
        description: "The id of an earlier run of this action, to get a new version of its text. Fields left empty stay as they were.",
      })
    },
    {
      name: "feedback",
      box: "longtext",
      label: "Feedback",
      help: "What the new version should do otherwise, such as: shorter, and name the date.",
      placeholder: "",
      required: false,
      max: 20000,
      choices: [],
      state: Retool.useStateString({
        name: "feedback",
        initialValue: "",
        inspector: "text",
        label: "Feedback",
        description: "What the new version should do otherwise, such as: shorter, and name the date.",
      })
    },
  ]
  const run = Retool.useEventCallback({ name: "run" })
  return (
    <ActionForm
      title={"Answer from documents"}
      summary={"Answers a question from your documents alone, with the page of each quote, or says that they do not answer it."}
      fields={fields}
      options={options}
      outputs={OUTPUTS["answer"] ?? []}
      showOptions={showOptions}
      exchange={exchange}
      run={run}
    />
  )
}
