import { type ProblemSlug, problems } from '@jumun/contracts';

/** What a problem's `type` leads to. */
export function problemPage(slug: ProblemSlug): string {
  const { title, status } = problems[slug];
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><link rel="stylesheet" href="/problem.css"></head>
<body><h1>${title}</h1><p>HTTP status ${status}, problem type <code>/problems/${slug}</code>.</p></body>
</html>
`;
}
