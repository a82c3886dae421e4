// A branch from its opening to the day its merge is taken back, without JavaScript.

/** Changes the prices of the first products of a world: the n-th one becomes `price(n)`. */
async function reprice(page, world, { several, price }) {
  await page.goto(`${world}/products`);
  const links = await page.$$eval('main .tbl a.row-a', (as, n) => as.slice(0, n).map((a) => a.href), several);
  for (const [n, url] of links.entries()) {
    await page.goto(`${url}/edit`);
    await page.fill('#f-unit_price', price(n));
    await page.locator('main form .btn-primary').first().click();
    await page.waitForURL((u) => !u.href.endsWith('/edit'));
  }
  return links;
}

/** Leaves a branch with open conflicts behind and gives its name, for those who look at its pages. */
export async function openBranch(page, home, name, { several, from }) {
  await page.goto(`${home}/branches/new`);
  await page.fill('#name', name);
  await page.selectOption('#visibility', 'company');
  await page.click('#branch-form .btn-primary');
  const slug = name.toLowerCase().replaceAll(' ', '-');
  await page.waitForURL(new RegExp(`/${slug}/`));
  const branch = home.replace(/main$/, slug);
  await reprice(page, branch, { several, price: (n) => `${from + n}.25` });
  return slug;
}

export async function story({ browser, open, check, state, home }) {
  const where = 'branch without scripts';
  const from = 70; // prices that no other one has
  const context = await browser.newContext({ storageState: state, javaScriptEnabled: false, viewport: { width: 1440, height: 900 } });
  const page = await open(context, where);
  const slug = await openBranch(page, home, 'Prices without scripts', { several: 5, from });
  const links = await reprice(page, home, { several: 3, price: (n) => `${from + n}.75` });
  await page.goto(`${home}/branches/${slug}/plan`);
  const openOnes = page.locator('.pickset[data-open]');
  check(await openOnes.count() === 3, `${where}: three conflicts, not ${await openOnes.count()}`);
  for (let left = 3; left > 0; left -= 1) {
    const one = openOnes.first();
    await one.locator(`input[value="${left === 3 ? 'ours' : 'theirs'}"]`).check();
    await one.locator('button:has-text("Decide")').first().click();
  }
  check(await openOnes.count() === 0, `${where}: all are decided`);
  await page.locator('form[action$="/merge"] .btn-primary').click();
  await page.waitForURL((u) => !u.href.endsWith('/plan'));
  const shown = async (n) => { await page.goto(links[n]); return page.locator('main dl').first().innerText(); };
  const texts = [await shown(0), await shown(1), await shown(2)];
  const kept = texts.filter((text, n) => text.includes(`${from + n}.75`));
  const one = texts.findIndex((text, n) => text.includes(`${from + n}.25`));
  check(kept.length === 1 && one >= 0, `${where}: one price is main's still, two are the branch's`);
  // a colleague changes one of them, then the merge is taken back
  await page.goto(`${links[one]}/edit`);
  await page.fill('#f-barcode', 'LATER');
  await page.locator('main form .btn-primary').first().click();
  await page.waitForURL((u) => !u.href.endsWith('/edit'));
  await page.goto(`${home}/branches/${slug}`);
  await page.click('text=The change that merged it');
  const merged = page.url().replace(/.*\/commits\//, '');
  await page.goto(`${home}/commits/${merged}/revert`);
  await page.locator('form[action$="/revert"] .btn-primary').click();
  await page.waitForURL((u) => !u.href.endsWith('/revert'));
  const after = await shown(one);
  check(after.includes('LATER') && !after.includes(`${from + one}.25`), `${where}: taken back, and the colleague's change is still there`);
  await page.goto(`${home}/products?at=${merged}`);
  check((await page.locator('main').innerText()).includes(`${from + 4}.25`), `${where}: the list as it was before`);
  await page.goto(`${home}/branches/${slug}`);
  check((await page.locator('main').innerText()).includes('Open'), `${where}: the branch is open again`);
  await context.close();
}
