import { type FC } from 'react'
import { Retool } from '@tryretool/custom-component-support'
import { useExchange } from '../exchange'
import { useOptions } from '../options'
import { OUTPUTS } from '../outputs'
import { ActionForm } from '../shared/ActionForm'
import { type Field } from '../shared/types'

export const Summarize: FC = () => {
  Retool.useComponentSettings({ defaultWidth: 6, defaultHeight: 55 })
  const fields: Field[] = [
    {
      name: "text",
      box: "longtext",
      label: "Text",
      help: "The text to summarize.",
      placeholder: "",
      required: true,
      max: 2000000,
      choices: [],
      state: Retool.useStateString({
        name: "text",
        initialValue: "",
        inspector: "text",
        label: "Text",
        description: "The text to summarize.",
      })
    },
    {
      name: "length",
      box: "select",
      label: "Length",
      help: "",
      placeholder: "",
      required: false,
      choices: [
        { key: "short", value: "short", label: "Short" },
        { key: "medium", value: "medium", label: "Medium" },
        { key: "long", value: "long", label: "Long" },
      ],
      state: Retool.useStateEnumeration({
        name: "length",
        initialValue: "short",
        enumDefinition: ["short", "medium", "long"],
        enumLabels: { "short": "Short", "medium": "Medium", "long": "Long" },
        inspector: "select",
        label: "Length",
      })
    },
    {
      name: "format",
      box: "select",
      label: "Format",
      help: "",
      placeholder: "",
      required: false,
      choices: [
        { key: "paragraph", value: "paragraph", label: "Paragraph" },
        { key: "bullets", value: "bullets", label: "Bullets" },
        { key: "tldr", value: "tldr", label: "One line" },
      ],
      state: Retool.useStateEnumeration({
        name: "format",
        initialValue: "paragraph",
        enumDefinition: ["paragraph", "bullets", "tldr"],
        enumLabels: { "paragraph": "Paragraph", "bullets": "Bullets", "tldr": "One line" },
        inspector: "select",
        label: "Format",
      })
    },
    {
      name: "audience",
      box: "text",
      label: "Audience",
      help: "Who will read it, such as new customers or the board.",
      placeholder: "",
      required: false,
      max: 300,
      choices: [],
      state: Retool.useStateString({
        name: "audience",
        initialValue: "",
        inspector: "text",
        label: "Audience",
        description: "Who will read it, such as new customers or the board.",
      })
    },
    {
      name: "focus",
      box: "text",
      label: "Focus",
      help: "What matters most, such as prices or dates.",
      placeholder: "",
      required: false,
      max: 300,
      choices: [],
      state: Retool.useStateString({
        name: "focus",
        initialValue: "",
        inspector: "text",
        label: "Focus",
        description: "What matters most, such as prices or dates.",
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
      title={"Summarize text"}
      summary={"Says what a text says, shorter, as a paragraph, as bullets or as one line."}
      fields={fields}
      options={options}
      outputs={OUTPUTS["summarize"] ?? []}
      showOptions={showOptions}
      exchange={exchange}
      run={run}
    />
  )
}
