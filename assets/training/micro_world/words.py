"""The words of the micro-world. People are first names only, places are invented; every word becomes one token."""

NAMES = """Mira Tom Ana Odo Lena Rufus Petra Ivo Nell Bram Suri Kofi Tessa Milo Yara Finn Dora Hugo Zena Oskar
Pia Remo Vida Kai Elsa Juno Marek Liv Theo Nadia Sol Runa Abel Cleo Tariq Wanda Emil Ines Jory Bea""".split()

PLACES = """Korvu Belto Ardun Sulme Tirok Vorith Melko Osrin Falune Drova Quilm Harno Pelisk Zirel Lorith Brenka
Ostrel Grendo Wexam Nirel Cavos Tulpen Yorvan Amorv Selund Kestrin Ruvano Dalmor Ivenna Moxlen Urtha Fendar Galbo Selisk Plimo
Torvell Hesk Ondra Jurra Valtem""".split()

OBJECTS = """coins lamps keys books apples shells stamps cups boats drums ropes stones bells maps hats nails pears
plates boxes candles buttons spoons marbles feathers tickets pencils baskets ribbons carrots combs kites masks brushes
bottles rings tiles cards eggs seeds beads""".split()

PLAIN = """river amber stone cloud paper silver garden window winter summer market bridge castle forest valley meadow
copper velvet thunder shadow candle needle kettle ladder saddle puddle bottle cattle pepper ginger butter barley honey
lemon melon onion olive maple cedar willow walnut clover daisy lily poppy violet orchid cactus fern moss ivy reed
falcon raven robin heron eagle sparrow pigeon parrot turtle lizard rabbit badger beaver otter weasel tiger panther
monkey donkey camel pony goat lamb whale salmon herring oyster crab shrimp beetle spider cricket hornet moth
hammer chisel anvil bucket barrel wagon anchor rudder paddle sail harbor island desert canyon glacier tundra prairie
mountain pebble gravel marble granite crystal diamond ruby emerald topaz opal pearl ivory ebony linen cotton woolen
satin denim leather button zipper collar pocket sleeve jacket blanket pillow curtain carpet mirror shelf drawer
table chair bench stool cradle hammock lantern torch beacon signal whistle trumpet fiddle banjo cello organ piano
rhythm melody chorus ballad sonnet riddle puzzle secret rumor legend fable myth dragon goblin wizard giant dwarf
knight baron duke queen prince jester miner baker tailor weaver potter farmer hunter sailor pilot doctor nurse
teacher writer painter singer dancer actor clerk judge lawyer banker guard captain soldier messenger stranger
morning evening midnight sunrise sunset season autumn spring minute hour decade century moment future
north south east west upper lower inner outer hollow narrow steep gentle bitter sweet sour salty spicy
quiet noisy rapid slow early late heavy light dusty muddy rusty shiny foggy windy sunny stormy frozen molten
yellow purple orange crimson scarlet indigo azure teal gray brown black white golden
circle square triangle spiral corner border center engine piston turbine magnet battery cable socket filter
vapor liquid solid carbon oxygen helium sodium iron nickel cobalt zinc""".split()

MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()

# Every second name is a she's: a pronoun says which of two people is meant.
WOMEN = frozenset(NAMES[0::2])

PLAIN = list(dict.fromkeys(word for word in PLAIN if word not in OBJECTS))

ALL = PLAIN + OBJECTS + NAMES + PLACES

assert not set(ALL) & set(UNITS + TENS)
assert len(set(ALL)) == len(ALL), "every word has one meaning"
assert len(set(NAMES)) >= 40 and len(set(PLACES)) >= 40 and len(set(OBJECTS)) >= 40


def pronoun(name):
    return "She" if name in WOMEN else "He"


def in_words(number):
    """`forty two`, from zero to a hundred and ninety nine."""
    if number >= 100:
        rest = number - 100
        return "a hundred" + (" and " + in_words(rest) if rest else "")
    if number < 20:
        return UNITS[number]
    ten, one = divmod(number, 10)
    return TENS[ten - 2] + (" " + UNITS[one] if one else "")
