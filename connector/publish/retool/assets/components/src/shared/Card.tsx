import { type ReactElement, type ReactNode, useId } from "react"
import { STYLES } from "./styles"

export function Card({
  title,
  summary,
  theme,
  children,
}: {
  title: string
  summary: string
  theme: string
  children: ReactNode
}): ReactElement {
  const id = useId()
  return (
    <section className="fc-card" data-theme={theme} aria-labelledby={id}>
      <style>{STYLES}</style>
      <h2 id={id}>{title}</h2>
      {summary ? <p className="fc-summary">{summary}</p> : null}
      {children}
    </section>
  )
}

/** A button that says what it is doing; it keeps the focus while it works. */
export function BusyButton({
  busy,
  label,
  busyLabel,
  onPress,
}: {
  busy: boolean
  label: string
  busyLabel: string
  onPress: () => void
}): ReactElement {
  return (
    <button
      type="button"
      className="fc-button"
      aria-disabled={busy}
      aria-busy={busy}
      onClick={() => {
        if (!busy) onPress()
      }}
    >
      {busy ? <span className="fc-spinner" aria-hidden="true" /> : null}
      {busy ? busyLabel : label}
    </button>
  )
}
