/** English words, the commonest first: the whole corpus that the vocabulary's pieces are learned from. */
export const WORDS: readonly string[] = `
the of and to a in is it that for on with as be this are by at from or not have an was but you can which one all
they we when there more will if has their other than its into what so up out only about some time these two may
then do first any like my now over such our man me even most made after also did many before must through back
The A In It This What How Why When Where Who Which Write Explain Describe List Give Name Compare Suppose If You I
We They He She There That For With From Is Are Can Do Does Tell Make Imagine Summarize Translate Answer Question
Yes No First Second Then Finally One Two Three
years where much your way well down should because each just those people how too little state good very make
world still own see men work long get here between both life being under never day same another know while last
might us great old year off come since against go came right used take three states himself few house use during
without again place around however home small found thought went say part once general high upon school every
don't does got united left number course war until always away something fact though water less public put think
almost hand enough far took head yet government system better set told nothing night end why called didn't eyes
find going look asked later knew point next program city business give group toward young days let room president
side social given present several order national possible rather second face per among form often things early
white case john large big need four within felt along children saw best church ever least power development light
thing seemed family interest want members mind country area others done turned although open god service certain
kind problem began different door thus help sense means whole matter himself human line above line free
example show water name letter word sentence story page book read write reading writing written language english
question answer answers explain describe list compare give choose following option options reason reasons step
steps short simple clear plain exact brief detail details summary table row column value values true false
number numbers count sum total average half double equal zero five six seven eight nine ten hundred thousand
million percent rate ratio measure length width height depth weight speed distance meter meters second seconds
minute minutes hour hours week month season spring summer autumn winter morning evening today tomorrow yesterday
model models token tokens layer layers weights cache memory batch prompt decode draft kernel engine server client
request response stream output input network train training test tests error errors result results score data
file files code function functions program programs variable loop array object string type class method library
compiler computer machine software hardware processor thread threads process queue stack tree graph search sort
index key record field query database store storage disk page cloud user users agent agents team shared message
messages send receive board share build run running runs start stop begin finish wait change changes fast faster
slow slower quick quickly careful carefully easy hard difficult useful common rare special normal usual standard
energy heat light sound wave waves field force mass motion gravity pressure gas liquid solid metal iron steel
copper gold silver glass wood stone paper plastic oil coal fire air earth soil sand rock rocks mountain mountains
river rivers lake ocean sea island coast beach valley forest desert field farm farmer farmers garden grass plant
plants flower flowers tree trees leaf leaves root roots seed seeds fruit apple orange bread rice salt sugar milk
butter cheese egg eggs meat fish bird birds animal animals horse dog cat cow sheep bee bees insect insects bear
wolf whale snake cell cells blood heart brain body bone bones skin hair hands foot feet arm legs mouth teeth ear
nose eye doctor nurse patient health disease medicine hospital sleep dream breath exercise sport game games ball
play player players win lose race run runner swim walk jump climb travel journey trip road street bridge train
trains car cars truck bus ship boat plane airport station ticket map north south east west center middle edge
corner top bottom front inside outside near beside behind across below beyond past future history ancient modern
century empire king queen prince soldier army battle peace law laws court judge crime police prison vote election
party leader minister member citizen citizens community society culture art artist music song songs dance paint
painting picture color red blue green yellow black brown film movie theater actor camera photo museum poem poet
novel author reader chapter letter news report reporter magazine radio television phone internet email website
science scientist scientists physics chemistry biology mathematics geometry algebra theory experiment evidence
proof method research study studies student students teacher teachers class university college lesson learn
learned learning teach taught education knowledge idea ideas opinion belief truth purpose goal plan plans project
design engineer engineers tool tools wheel motor battery electric signal circuit screen button switch wire pipe
pump valve spring gear lever brick wall walls roof floor window windows kitchen table chair bed lamp clock cup
plate knife bottle box bag coat shirt shoes hat ring price cost costs money bank market trade buy sell pay paid
tax income job jobs worker workers factory company companies office manager customer product products industry
economy growth supply demand profit loss risk insurance contract property rent land town village capital border
region map population climate weather rain snow wind storm cloud clouds sun sunlight moon star stars planet planets
space rocket orbit satellite telescope galaxy universe atom atoms molecule electron nucleus carbon oxygen hydrogen
nitrogen acid base water crystal mixture reaction temperature degree boil freeze melt burn mix pour cut fold press
push pull lift carry hold throw catch drop break fix repair clean wash cook bake cooking eat drink food meal taste
smell touch hear listen speak talk tell call ask reply agree refuse accept allow avoid keep save lose find hide
seek follow lead join leave arrive return enter exit move turn rise fall grow shrink increase decrease improve
reduce remove add divide multiply subtract compute calculate estimate predict guess check verify prove suggest
recommend consider decide decision choice cause effect effects because therefore however although unless whether
perhaps maybe usually sometimes rarely never always often together alone already soon suddenly slowly finally
especially probably actually really simply mostly nearly exactly directly instead besides meanwhile moreover
important necessary possible impossible similar different various separate single entire complete empty full
heavy bright dark warm cold hot cool dry wet soft loud quiet strong weak rich poor safe dangerous healthy sick
happy sad angry afraid calm brave kind cruel honest polite proud shy smart clever wise foolish lazy busy tired
ready sure certain likely early late new fresh sharp smooth rough flat round square straight wide narrow deep
shallow thick thin tall tiny huge giant beautiful pretty ugly strange famous popular private local foreign
`
  .trim()
  .split(/\s+/);
