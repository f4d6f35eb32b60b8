package accounts

// mailKind is one of the e-mails that accounts sends.
type mailKind string

const (
	mailConfirm   mailKind = "confirm"   // a sign-up that waits for its address to be confirmed
	mailExists    mailKind = "exists"    // a sign-up with an address that has an account
	mailSuspended mailKind = "suspended" // anything with an address whose account was suspended
	mailReset     mailKind = "reset"     // a new password
	mailNobody    mailKind = "nobody"    // a new password for an address without an account
)

// mailLinks is where in the app the token of an e-mail goes. It stands behind
// a #, so that it reaches no server's log on the way.
var mailLinks = map[mailKind]string{
	mailConfirm: "/#confirm=",
	mailReset:   "/#reset=",
}

// mailText is an e-mail. {link} is replaced by the link with the token, {home}
// by the address of the app. Nothing that a stranger has entered stands in it:
// whoever knows an address can have these sent there.
type mailText struct{ subject, text string }

// mailTexts are the e-mails by language (BCP 47, the first part). Each language
// has all of them; a test holds them to it.
var mailTexts = map[string]map[mailKind]mailText{
	"en": {
		mailConfirm: {"Welcome to Kinwire: please confirm your e-mail address", `Hello,

somebody, most likely you, has started an account at Kinwire with this
e-mail address. To finish, please open this link within a day:

{link}

If it was not you, please do not open it: there will be no account, and
what was entered is deleted.

Your Kinwire
`},
		mailExists: {"You have an account at Kinwire already", `Hello,

somebody, most likely you, has tried to sign up at Kinwire with this e-mail
address. It has an account already, so no new one was made. You can sign in
here, or ask for a new password if you do not remember yours:

{home}

If it was not you, there is nothing that you need to do.

Your Kinwire
`},
		mailSuspended: {"About your account at Kinwire", `Hello,

somebody, most likely you, has asked Kinwire for an account or for a new
password with this e-mail address. An account with it was suspended, so this
is not possible. Whoever runs this server can tell you why:

{home}

Your Kinwire
`},
		mailReset: {"A new password for Kinwire", `Hello,

somebody, most likely you, would like to set a new password for your account
at Kinwire. Please open this link within an hour:

{link}

Everything that is signed in with your account will be signed out. If it was
not you, please do not open the link: your password stays as it is.

Your Kinwire
`},
		mailNobody: {"A new password for Kinwire", `Hello,

somebody, most likely you, has asked Kinwire for a new password with this
e-mail address. There is no account with it. Perhaps you have signed up with
another address, or not yet:

{home}

If it was not you, there is nothing that you need to do.

Your Kinwire
`},
	},
	"pl": {
		mailConfirm: {"Witamy w Kinwire: prosimy potwierdzić adres e-mail", `Dzień dobry,

ktoś, najpewniej Ty, założył konto w Kinwire z tym adresem e-mail. Aby
dokończyć, otwórz ten odnośnik w ciągu doby:

{link}

Jeśli to nie Ty, nie otwieraj go: konto nie powstanie, a wpisane dane
zostaną usunięte.

Kinwire
`},
		mailExists: {"Masz już konto w Kinwire", `Dzień dobry,

ktoś, najpewniej Ty, próbował założyć konto w Kinwire z tym adresem e-mail.
Konto z tym adresem już istnieje, więc nowe nie powstało. Tutaj możesz się
zalogować albo poprosić o nowe hasło:

{home}

Jeśli to nie Ty, nie musisz nic robić.

Kinwire
`},
		mailSuspended: {"O Twoim koncie w Kinwire", `Dzień dobry,

ktoś, najpewniej Ty, poprosił Kinwire o konto albo o nowe hasło z tym
adresem e-mail. Konto z tym adresem zostało zawieszone, więc nie jest to
możliwe. Powód zna osoba, która prowadzi ten serwer:

{home}

Kinwire
`},
		mailReset: {"Nowe hasło do Kinwire", `Dzień dobry,

ktoś, najpewniej Ty, chce ustawić nowe hasło do Twojego konta w Kinwire.
Otwórz ten odnośnik w ciągu godziny:

{link}

Wszystkie urządzenia zalogowane na Twoje konto zostaną wylogowane. Jeśli to
nie Ty, nie otwieraj odnośnika: hasło pozostanie bez zmian.

Kinwire
`},
		mailNobody: {"Nowe hasło do Kinwire", `Dzień dobry,

ktoś, najpewniej Ty, poprosił Kinwire o nowe hasło z tym adresem e-mail. Nie
ma konta z tym adresem. Być może konto ma inny adres albo jeszcze go nie ma:

{home}

Jeśli to nie Ty, nie musisz nic robić.

Kinwire
`},
	},
	"hi": {
		mailConfirm: {"Kinwire में स्वागत है: कृपया अपना ई-मेल पता पक्का करें", `नमस्ते,

किसी ने, शायद आपने ही, इस ई-मेल पते से Kinwire पर खाता बनाना शुरू किया है।
पूरा करने के लिए एक दिन के भीतर यह लिंक खोलें:

{link}

अगर यह आप नहीं थे, तो लिंक न खोलें: कोई खाता नहीं बनेगा और जो भरा गया था
वह मिटा दिया जाएगा।

Kinwire
`},
		mailExists: {"Kinwire पर आपका खाता पहले से है", `नमस्ते,

किसी ने, शायद आपने ही, इस ई-मेल पते से Kinwire पर खाता बनाने की कोशिश की।
इस पते का खाता पहले से है, इसलिए नया नहीं बना। यहाँ आप साइन इन कर सकते हैं
या नया पासवर्ड माँग सकते हैं:

{home}

अगर यह आप नहीं थे, तो आपको कुछ करने की ज़रूरत नहीं है।

Kinwire
`},
		mailSuspended: {"Kinwire पर आपके खाते के बारे में", `नमस्ते,

किसी ने, शायद आपने ही, इस ई-मेल पते से Kinwire पर खाता या नया पासवर्ड माँगा।
इस पते का खाता निलंबित किया गया था, इसलिए यह संभव नहीं है। कारण वही बता
सकते हैं जो यह सर्वर चलाते हैं:

{home}

Kinwire
`},
		mailReset: {"Kinwire के लिए नया पासवर्ड", `नमस्ते,

कोई, शायद आप ही, आपके Kinwire खाते का नया पासवर्ड रखना चाहता है। कृपया एक
घंटे के भीतर यह लिंक खोलें:

{link}

आपके खाते से जो भी साइन इन है, वह साइन आउट हो जाएगा। अगर यह आप नहीं थे, तो
लिंक न खोलें: पासवर्ड वैसा ही रहेगा।

Kinwire
`},
		mailNobody: {"Kinwire के लिए नया पासवर्ड", `नमस्ते,

किसी ने, शायद आपने ही, इस ई-मेल पते से Kinwire पर नया पासवर्ड माँगा। इस पते
का कोई खाता नहीं है। शायद आपका खाता किसी और पते से है, या अभी बना नहीं है:

{home}

अगर यह आप नहीं थे, तो आपको कुछ करने की ज़रूरत नहीं है।

Kinwire
`},
	},
	"zh": {
		mailConfirm: {"歡迎使用 Kinwire：請確認您的電子郵件地址", `您好：

有人（應該就是您）用這個電子郵件地址在 Kinwire 開始建立帳號。請在一天內
開啟以下連結來完成：

{link}

如果不是您，請不要開啟：帳號不會建立，填寫的資料也會刪除。

Kinwire
`},
		mailExists: {"您已經有 Kinwire 帳號了", `您好：

有人（應該就是您）想用這個電子郵件地址註冊 Kinwire。這個地址已經有帳號，
所以沒有建立新的。您可以在這裡登入，或申請新的密碼：

{home}

如果不是您，您不需要做任何事。

Kinwire
`},
		mailSuspended: {"關於您的 Kinwire 帳號", `您好：

有人（應該就是您）用這個電子郵件地址向 Kinwire 申請帳號或新的密碼。這個
地址的帳號已被停用，所以無法辦理。原因請詢問這個伺服器的管理者：

{home}

Kinwire
`},
		mailReset: {"Kinwire 的新密碼", `您好：

有人（應該就是您）想為您的 Kinwire 帳號設定新的密碼。請在一小時內開啟以下
連結：

{link}

所有登入您帳號的裝置都會登出。如果不是您，請不要開啟連結：密碼不會改變。

Kinwire
`},
		mailNobody: {"Kinwire 的新密碼", `您好：

有人（應該就是您）用這個電子郵件地址向 Kinwire 申請新的密碼。這個地址沒有
帳號。您也許是用別的地址註冊的，或者還沒有註冊：

{home}

如果不是您，您不需要做任何事。

Kinwire
`},
	},
}
