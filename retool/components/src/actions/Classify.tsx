import { type FC } from 'react'
import { Retool } from '@tryretool/custom-component-support'
import { useExchange } from '../exchange'
import { useOptions } from '../options'
import { OUTPUTS } from '../outputs'
import { ActionForm } from '../shared/ActionForm'
import { type Field } from '../shared/types'

export const Classify: FC = () => {
  Retool.useComponentSettings({ defaultWidth: 6, defaultHeight: 48 })
  const fields: Field[] = [
    {
      name: "text",
      box: "longtext",
      label: "Text",
      help: "The text to classify.",
      placeholder: "",
      required: true,
      max: 2000000,
      choices: [],
      state: Retool.useStateString({
        name: "text",
        initialValue: "",
        inspector: "text",
        label: "Text",
        description: "The text to classify.",
      })
    },
    {
      name: "categories",
      box: "longtext",
      label: "Categories",
      help: "One a line, as `name: when it fits`. The description may be left out, but it helps.",
      placeholder: "billing: invoices, payments and refunds",
      required: true,
      min: 2,
      max: 500,
      choices: [],
      state: Retool.useStateString({
        name: "categories",
        initialValue: "",
        inspector: "text",
        label: "Categories",
        description: "One a line, as `name: when it fits`. The description may be left out, but it helps.",
      })
    },
    {
      name: "multiple",
      box: "switch",
      label: "Allow multiple categories",
      help: "Give every category that fits instead of the best one.",
      placeholder: "",
      required: false,
      choices: [],
      state: Retool.useStateBoolean({
        name: "multiple",
        initialValue: false,
        inspector: "checkbox",
        label: "Allow multiple categories",
        description: "Give every category that fits instead of the best one.",
      })
    },
    {
      name: "examples",
      box: "longtext",
      label: "Examples",
      help: "Worked cases, one a line, as `text => category`.",
      placeholder: "I was charged twice => billing",
      required: false,
      max: 100,
      choices: [],
      state: Retool.useStateString({
        name: "examples",
        initialValue: "",
        inspector: "text",
        label: "Examples",
        description: "Worked cases, one a line, as `text => category`.",
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
      name: "votes",
      box: "select",
      label: "Votes",
      help: "How often to ask. A value counts that most calls gave, and the confidence is the share of them that agree.",
      placeholder: "",
      required: false,
      choices: [
        { key: "unset", value: "", label: "Not set" },
        { key: "1", value: "1", label: "1" },
        { key: "3", value: "3", label: "3" },
        { key: "5", value: "5", label: "5" },
      ],
      state: Retool.useStateEnumeration({
        name: "votes",
        initialValue: "unset",
        enumDefinition: ["unset", "1", "3", "5"],
        enumLabels: { "unset": "Not set", "1": "1", "3": "3", "5": "5" },
        inspector: "select",
        label: "Votes",
        description: "How often to ask. A value counts that most calls gave, and the confidence is the share of them that agree.",
      })
    },
  ]
  const run = Retool.useEventCallback({ name: "run" })
  return (
    <ActionForm
      title={"Classify text"}
      summary={"Puts a text into one of your categories, or into several, and says when none fits."}
      fields={fields}
      options={options}
      outputs={OUTPUTS["classify"] ?? []}
      showOptions={showOptions}
      exchange={exchange}
      run={run}
    />
  )
}
