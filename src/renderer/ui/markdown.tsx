import type {ComponentProps} from 'react'
import Markdown, {type Components} from 'react-markdown'
import remarkFrontmatter from 'remark-frontmatter'
import remarkGfm from 'remark-gfm'

const PLUGINS = [remarkGfm, remarkFrontmatter]

/** A dialog has the first heading, so the text's own begin one level down. */
const COMPONENTS: Components = {
  h1: ({children}) => <h2>{children}</h2>,
  h2: ({children}) => <h3>{children}</h3>,
  h3: ({children}) => <h4>{children}</h4>,
  // This program opens no page and loads nothing from elsewhere: an address is there to be copied.
  a: ({children, href}) => (
    <>
      {children}
      {href && /^https?:/u.test(href) && !isSame(children, href) && (
        <span className="ink-3"> ({href})</span>
      )}
    </>
  ),
  img: ({alt}) => (alt ? <span className="ink-3">[picture: {alt}]</span> : null),
  table: ({children}: ComponentProps<'table'>) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys.
    // biome-ignore lint/a11y/useSemanticElements: nothing is filled in here, and a region a table would be many.
    <div className="markdown-table" role="group" tabIndex={0} aria-label="Table">
      <table>{children}</table>
    </div>
  ),
  // The corner over a column of names heads nothing.
  th: ({children, style}: ComponentProps<'th'>) =>
    children ? <th style={style}>{children}</th> : <td />,
}

const isSame = (children: React.ReactNode, href: string) =>
  typeof children === 'string' &&
  href.replace(/^https?:\/\//u, '') === children.replace(/^https?:\/\//u, '')

/** Text in GitHub's Markdown. What it holds of HTML is shown as it is written and never run. */
export function MarkdownText({text}: {readonly text: string}) {
  return (
    <Markdown remarkPlugins={PLUGINS} components={COMPONENTS}>
      {text}
    </Markdown>
  )
}
