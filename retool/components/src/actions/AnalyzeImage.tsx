import { type FC } from 'react'
import { Retool } from '@tryretool/custom-component-support'
import { useExchange } from '../exchange'
import { useOptions } from '../options'
import { OUTPUTS } from '../outputs'
import { ActionForm } from '../shared/ActionForm'
import { type Field } from '../shared/types'

export const AnalyzeImage: FC = () => {
  Retool.useComponentSettings({ defaultWidth: 6, defaultHeight: 41 })
  const fields: Field[] = [
    {
      name: "file",
      box: "file",
      label: "Image",
      help: "Up to 10 PNG, JPEG, WebP or GIF images or PDF pages: https addresses, one a line, data URLs, or the files themselves.",
      placeholder: "",
      required: true,
      max: 10,
      choices: [],
      state: Retool.useStateString({
        name: "file",
        initialValue: "",
        inspector: "text",
        label: "Image",
        description: "Up to 10 PNG, JPEG, WebP or GIF images or PDF pages: https addresses, one a line, data URLs, or the files themselves.",
      })
    },
    {
      name: "task",
      box: "select",
      label: "Task",
      help: "",
      placeholder: "",
      required: false,
      choices: [
        { key: "describe", value: "describe", label: "Describe" },
        { key: "alttext", value: "alttext", label: "Alt text" },
        { key: "ocr", value: "ocr", label: "Read the words" },
        { key: "chart", value: "chart", label: "Read a chart" },
        { key: "count", value: "count", label: "Count" },
        { key: "compare", value: "compare", label: "Compare" },
        { key: "question", value: "question", label: "Answer the question" },
      ],
      state: Retool.useStateEnumeration({
        name: "task",
        initialValue: "describe",
        enumDefinition: ["describe", "alttext", "ocr", "chart", "count", "compare", "question"],
        enumLabels: { "describe": "Describe", "alttext": "Alt text", "ocr": "Read the words", "chart": "Read a chart", "count": "Count", "compare": "Compare", "question": "Answer the question" },
        inspector: "select",
        label: "Task",
      })
    },
    {
      name: "question",
      box: "longtext",
      label: "Question",
      help: "What to answer, count or compare, such as how many people wear a helmet.",
      placeholder: "",
      required: false,
      max: 5000,
      choices: [],
      state: Retool.useStateString({
        name: "question",
        initialValue: "",
        inspector: "text",
        label: "Question",
        description: "What to answer, count or compare, such as how many people wear a helmet.",
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
      title={"Analyze an image"}
      summary={"Describes images, writes their alt text, reads their words or charts, counts, compares, or answers a question about them."}
      fields={fields}
      options={options}
      outputs={OUTPUTS["analyze_image"] ?? []}
      showOptions={showOptions}
      exchange={exchange}
      run={run}
    />
  )
}
