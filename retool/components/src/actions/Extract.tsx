import { type FC } from 'react'
import { Retool } from '@tryretool/custom-component-support'
import { useExchange } from '../exchange'
import { useOptions } from '../options'
import { OUTPUTS } from '../outputs'
import { ActionForm } from '../shared/ActionForm'
import { type Field } from '../shared/types'

export const Extract: FC = () => {
  Retool.useComponentSettings({ defaultWidth: 6, defaultHeight: 41 })
  const fields: Field[] = [
    {
      name: "text",
      box: "longtext",
      label: "Text",
      help: "The text to read, such as an invoice, an e-mail or an order.",
      placeholder: "",
      required: true,
      max: 2000000,
      choices: [],
      state: Retool.useStateString({
        name: "text",
        initialValue: "",
        inspector: "text",
        label: "Text",
        description: "The text to read, such as an invoice, an e-mail or an order.",
      })
    },
    {
      name: "fields",
      box: "longtext",
      label: "Fields",
      help: "One a line, as `name type: hint`. Types: text, number, integer, boolean, date, datetime, time, email, phone, url, money, percent, choice(a|b), list. Without a type it is text.",
      placeholder: "total money: the amount to pay",
      required: true,
      min: 1,
      max: 100,
      choices: [],
      state: Retool.useStateString({
        name: "fields",
        initialValue: "",
        inspector: "text",
        label: "Fields",
        description: "One a line, as `name type: hint`. Types: text, number, integer, boolean, date, datetime, time, email, phone, url, money, percent, choice(a|b), list. Without a type it is text.",
      })
    },
    {
      name: "many_rows",
      box: "switch",
      label: "Many rows",
      help: "Give one row for each thing found, such as the lines of an order, instead of one set of values.",
      placeholder: "",
      required: false,
      choices: [],
      state: Retool.useStateBoolean({
        name: "manyRows",
        initialValue: false,
        inspector: "checkbox",
        label: "Many rows",
        description: "Give one row for each thing found, such as the lines of an order, instead of one set of values.",
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
      title={"Extract fields"}
      summary={"Reads the fields you name out of a text, as typed values, and shows where each one stands."}
      fields={fields}
      options={options}
      outputs={OUTPUTS["extract"] ?? []}
      showOptions={showOptions}
      exchange={exchange}
      run={run}
    />
  )
}
