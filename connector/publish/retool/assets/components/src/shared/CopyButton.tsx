import { type ReactElement, useEffect, useState } from "react"

const TOLD_MS = 2000

export function CopyButton({ value }: { value: string }): ReactElement {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return undefined
    const timer = window.setTimeout(() => setCopied(false), TOLD_MS)
    return () => window.clearTimeout(timer)
  }, [copied])
  return (
    <button
      type="button"
      className="fc-button fc-button-outline"
      disabled={value === ""}
      onClick={() => void copy(value).then(setCopied)}
    >
      <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
    </button>
  )
}

/** Whether `value` was copied; a sandboxed frame may lack a clipboard, so the older way is a fallback. */
async function copy(value: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(value)
    return true
  } catch {
    return copyBySelecting(value)
  }
}

function copyBySelecting(value: string): boolean {
  const before = document.activeElement
  const box = document.createElement("textarea")
  box.value = value
  box.setAttribute("aria-hidden", "true")
  box.style.position = "fixed"
  box.style.opacity = "0"
  document.body.append(box)
  box.select()
  const done = document.execCommand("copy")
  box.remove()
  if (before instanceof HTMLElement) before.focus()
  return done
}
