// The most used passwords of at least eight characters, lower-cased. Shorter ones are refused for their length.
// Source: the password frequency list of zxcvbn 4.4.2 (MIT), its head, and common keyboard and calendar patterns.
const words = `
  00000000 01011970 01011980 01011981 01011985 01011986 01011990 01011991 01012000 01012001 01012010 01012011
  0987654321 1029384756 11111111 11112222 111222333 11223344 1122334455 11235813 1123581321 12121212 12312312
  123123123 1232323q 123321123 12341234 12344321 123454321 1234554321 12345678 123456789 1234567890 1234567890q
  12345678910 123456789a 123456789q 123456789z 1234567a 1234567q 123456aa 123456qwerty 12345qwert 1234abcd 1234qwer
  123654789 12369874 123698745 123qwe123 123qweasd 123qweasdzxc 12qwaszx 13131313 147258369 147852369 14789632
  147896325 15426378 159357456 192837465 1a2b3c4d 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2
  22222222 25802580 31415926 321654987 4815162342 55555555 66666666 73501505 741852963 77777777 789456123 87654321
  88888888 8j4ye3uz 987654321 99999999 a1234567 a1b2c3d4 a1s2d3f4 aardvark abc12345 abcd1234 aberdeen access14
  achilles adgjmptw admin123 administrator agent007 airborne airforce airplane albatros alejandr aleksandr alexande
  alexandr amsterdam anaconda anhyeuem anthony1 apollo13 applepie aquarius arsenal1 asdf1234 asdfasdf asdfghjk
  asdfghjkl aspirine atlantis autumn2024 autumn2025 azsxdcfv babygirl babylon5 barcelon barcelona baseball baseball1
  basketba beefcake bigdaddy bigmoney billybob billyboy blackcat blackdog blackjac blahblah blink182 blizzard bluebird
  blueeyes bluemoon bobafett bonehead brandon1 brooklyn brucelee buckeyes budlight bulldogs cadillac caliente californ
  candyman cardinal carolina catherin cavalier cdtnkfyf champion changeit changeme changeme123 chargers charlie1
  charlott charlton chelsea1 cherokee chester1 chevelle chevrole cheyenne chicken1 chickens chocolat christia christin
  christop cjkysirj cocacola colombia colorado coltrane commando computer computer1 concrete consumer contrasena
  contraseña cooldude correcthorsebatterystaple corvette cosworth cowboys1 crazybab creative crusader
  dannyboy darkness darkside darkstar dbrnjhbz deadhead deeznuts default1 defender deftones designer devildog diamond1
  diamonds dietcoke dilligaf dingdong dinosaur discover dkflbvbh doberman dodgeram dolphins doughboy dragon123
  drowssap drpepper dthjybrf einstein ekaterina electric elephant elizabet engineer enterpri enterprise ericsson
  eternity excalibu explorer fireball firebird fktrcfylh fktrcfylhf flamingo football football1 fordf150 formula1
  freckles freedom1 freeuser front242 frontier fyfcnfcbz gandalf1 gangster garfield gateway1 geronimo
  ghbdtnbr gn56gn56 godsmack godzilla goldfish golfball goodluck goodtime googledev gordon24 greenbay greenday
  guardian guest1234 guinness halflife hannibal happy123 happyday hardcore hardrock heather1 hedgehog hellfire
  hello123 hellyeah hercules highland hollywoo hongkong hotstuff hurrican hyperion icecream ihateyou iloveyou
  iloveyou1 immortal infiniti infinity internet intrepid jackson1 jamesbon jasmine1 jessica1 jordan23 justdoit
  juventus kamikaze kangaroo katerina kawasaki kenworth keyboard keystone kingkong kingston kittycat labrador lacrosse
  lancelot lasvegas letmein1 letmein2 lifehack lightnin lionking liverpoo liverpool liverpool1 login123 logitech
  lollipop lonestar lonewolf longhorn loverboy lowrider luckydog macdaddy mailcreated5240 makaveli manchest manchester
  mandingo maradona marathon mariners marlboro maryjane master123 matthew1 maverick meatball meatloaf megadeth
  melissa1 mercedes meridian mersedes metallic metallica michael1 michigan microlab microsof microsoft midnight
  minecraft mnbvcxz1 mongoose monkey123 monopoly montreal morpheus motdepasse motorola mountain munchkin
  mushroom musicman mustang1 mustangs ncc1701a ncc1701d ncc1701e nebraska nintendo nuttertools oblivion overlord
  p@ssw0rd p@ssword pa55w0rd pa55word pakistan panasonic panthers pantyhos paradise passw0rd password password!
  password1 password12 password123 passwort patrick1 patriots pavilion pearljam peekaboo penguins peterpan phillies
  phoenix1 pineappl pinkfloy platinum playtime plymouth poiuytrewq pokemon1 poohbear poontang
  porkchop porsche9 portland portugal precious predator presario princess princess1 punisher punkrock q1w2e3r4
  q1w2e3r4t5 q1w2e3r4t5y6 qawsedrf qazwsx123 qazwsxed qazwsxedc qazwsxedcrfv qazxswedc qweasdzxc qwer1234 qwerasdf
  qwert123 qwerty12 qwerty123 qwerty12345 qwerty123456 qwertyui qwertyuio qwertyuiop ragnarok raiders1 raistlin
  rammstein rangers1 redalert redskins redwings renegade rfnthbyf rhbcnbyf richard1 rightnow rjirfrgbde rockhard
  rockstar rolltide romashka rootbeer rush2112 sailboat samantha samsung1 sandiego sapphire saratoga satan666 scarface
  scoobydo scooter1 scorpion scotland sebastia secret123 security seinfeld seminole semperfi sentinel septembe
  serenity shamrock shaney14 sherlock showtime simpsons sithlord skittles skorpion skywalke skywalker slapshot
  slipknot snickers snowball snuggles socrates softball software soso123aljg spartans spectrum spiderma spiderman
  spitfire spring2024 spring2025 squirrel srinivas stallion starbuck starcraft stardust starfish stargate startrek
  starwars starwars1 steelers stephani stingray stonecol stranger summer2023 summer2024 summer2025 sundance sunshine
  sunshine1 super123 superfly superman superman1 superstar svetlana sweetpea swimming swordfis swordfish syracuse
  tacobell tarheels technics temp1234 terminator test1234 testtest thailand thankyou thuglife thunder1 titleist
  tollgate tollgate1 tottenham treasure trfnthbyf trombone truelove trustno1 turkey50 twilight ultimate vacation
  valentin valentina valhalla vanhalen verbatim veronika vfrcbvrf viktoria vkontakte vladimir vladislav warcraft
  warhammer warriors waterloo webmaster welcome1 welcome123 werewolf westside whatever whatever1 whocares wildcats
  wildfire william1 winter2023 winter2024 winter2025 wolfgang wolfpack wolverin wolverine woofwoof wrangler wrinkle1
  yankees1 zaq12wsx zaq1xsw2 zaq1zaq1 zeppelin zxcasdqwe zxcv1234 zxcvbnm1 zxcvbnm123
`;

/** Passwords that a guesser tries first. */
export const commonPasswords: ReadonlySet<string> = new Set(words.trim().split(/\s+/));
