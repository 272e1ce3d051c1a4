import { type FC } from 'react'
import { Retool } from '@tryretool/custom-component-support'
import { useExchange } from '../exchange'
import { useOptions } from '../options'
import { OUTPUTS } from '../outputs'
import { ActionForm } from '../shared/ActionForm'
import { type Field } from '../shared/types'

export const ExtractDocument: FC = () => {
  Retool.useComponentSettings({ defaultWidth: 6, defaultHeight: 41 })
  const fields: Field[] = [
    {
      name: "file",
      box: "file",
      label: "File",
      help: "A PDF, DOCX, TXT, CSV, HTML file or an image: its https address, a data URL, base64, or the file itself.",
      placeholder: "",
      required: true,
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
      title={"Extract from a document"}
      summary={"Reads the fields you name out of a PDF, a Word file or a scan, as typed values, with the page of each."}
      fields={fields}
      options={options}
      outputs={OUTPUTS["extract_document"] ?? []}
      showOptions={showOptions}
      exchange={exchange}
      run={run}
    />
  )
}
