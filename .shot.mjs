import {chromium} from 'playwright'
import {spawn} from 'node:child_process'
const root=process.cwd()
const child=spawn(process.execPath,[root+'/out/main/cli.js','serve','--json','--no-open','--port','0'],{cwd:root,stdio:['ignore','pipe','inherit']})
let buf='';const url=await new Promise(r=>child.stdout.on('data',d=>{buf+=d;const l=buf.split('\n')[0];if(buf.includes('\n'))r(JSON.parse(l).url)}))
const browser=await chromium.launch({executablePath:'/usr/bin/chromium',args:['--no-sandbox','--disable-gpu','--disable-quic','--no-first-run']})
const page=await browser.newPage({viewport:{width:+(process.argv[2]??1440),height:+(process.argv[3]??900)},colorScheme:process.argv[4]??'light'})
page.on('console',m=>{if(m.type()==='error')console.log('console',m.text())}); page.on('pageerror',e=>console.log('pageerror',e.message))
await page.goto(url)
await page.getByText('Nothing is running').first().waitFor({timeout:60000})
const steps=(await import('/tmp/ts/ten/steps.mjs')).default
await steps(page)
await browser.close();child.kill()
