import { type ProblemSlug, problems } from '@jumun/contracts';

const style = `
  :root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
  body { max-width: 44rem; margin: 3rem auto; padding: 0 1.25rem; }
  h1 { font-size: 1.75rem; line-height: 1.2; }
  li { margin: .25rem 0; }
  code, pre { font: .875rem/1.5 ui-monospace, monospace; }
  pre { overflow-x: auto; padding: 1rem; border: 1px solid #8885; border-radius: .5rem; }
`;

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${style}</style></head>
<body>${body}</body>
</html>
`;
}

/** What one finds at port 8080: where everything is. */
export function landingPage(publicUrl: string): string {
  const collections = ['products', 'orders', 'pays', 'deliveries', 'notices', 'myPages'];
  const links = collections.map(name => `<li><a href="${publicUrl}/${name}">/${name}</a></li>`).join('');
  return page(
    'jumun',
    `<h1>jumun · 주문</h1>
<p>A customer orders and pays, stock is prepared, a delivery starts and completes; a cancellation undoes all of it.
An unpaid order never stands.</p>
<ul>${links}</ul>
<p>A first order:</p>
<pre>curl ${publicUrl}/products -H 'content-type: application/json' -d '{"itemcd":7,"name":"milk","price":2000,"totalQuantity":100}'
curl ${publicUrl}/orders -H 'content-type: application/json' -d '{"itemcd":7,"orderQty":1}'
curl ${publicUrl}/myPages</pre>`,
  );
}

/** What a problem's `type` leads to. */
export function problemPage(slug: ProblemSlug): string {
  const { title, status } = problems[slug];
  return page(
    title,
    `<h1>${title}</h1><p>HTTP status ${status}, problem type <code>/problems/${slug}</code>.</p>`,
  );
}
