//! Whole dialogs of every part kind: what people's agents record, sound and odd, of every origin.
//!
//! Each text, medium and block bears words of its own, so that a judge can say which of them a body
//! lacks. A dialog is made from its number alone.

mod blocks;

use partita::context::{Prompt, Tool, ViewedFile};
use partita::{Body, Json, Memory, MemoryKind, Part, Role};

use self::blocks::{CALLS, FIELDS, OF_MODELS, OF_RESULTS, OF_USERS, Row, TOOLS, Target};
use crate::random::Random;

/// A dialog, and the words in it.
#[derive(Clone, Debug)]
pub struct Dialog {
    /// The dialog, with all that stands beside it.
    pub prompt: Prompt,
    /// Each word once, in the order of the dialog.
    pub words: Vec<Word>,
}

/// A word that stands once in a dialog.
#[derive(Clone, Debug)]
pub struct Word {
    /// The number of the memory; 0 for what stands beside them.
    pub memory: u64,
    /// Which of the parts that were made; what stands before a part is the part's.
    pub part: usize,
    /// The word: `w`, six digits, `q`.
    pub text: String,
    /// The bytes that it is in, as base64, where it is in a medium.
    pub encoded: String,
}

/// The bytes that a word takes.
pub const WORD_BYTES: usize = 8;

/// Formats whose name stands in an origin.
const ORIGINS: [&str; 9] = [
    "",
    "openai-chat:1",
    "openai-responses:2",
    "anthropic:3",
    "gemini:4",
    "claude-code:5",
    "openhands:6",
    "atif:7",
    "vercel:8",
];

const MEDIA: [(&str, &[u8]); 12] = [
    ("image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x40"),
    ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01"),
    ("image/gif", b"GIF89a\x40\0\x40\0\0\0"),
    ("image/webp", b"RIFF\0\0\0\0WEBPVP8 "),
    ("image/bmp", b"BM"),
    ("image/heic", b"\0\0\0\x18ftypheic"),
    ("application/pdf", b"%PDF-1.4 /Type /Page "),
    ("text/plain", b""),
    ("text/csv", b"a,b\n"),
    ("audio/wav", b"RIFF\0\0\0\0WAVE"),
    ("audio/mpeg", b"ID3"),
    ("video/mp4", b"\0\0\0\x18ftypmp42"),
];

/// Makes the dialog of a number.
pub fn dialog(number: u64) -> Dialog {
    let mut maker = Maker {
        random: Random::new(number.wrapping_mul(0x9e37_79b9)),
        words: Vec::new(),
        memory: 0,
        part: 0,
        ids: 0,
        used: Vec::new(),
        made: Vec::new(),
    };
    let mut prompt = Prompt::default();
    if maker.random.chance(2, 3) {
        prompt.instructions = format!("Be brief: {}.", maker.word());
    }
    if maker.random.chance(1, 3) {
        prompt.sandbox = format!("Linux {}.", maker.word());
    }
    prompt.tools = maker.tools();
    for _ in 0..maker.random.between(2, 12) {
        maker.scene();
    }
    let made = std::mem::take(&mut maker.made);
    prompt = made.into_iter().fold(prompt, Prompt::with_memory);
    if maker.random.chance(1, 4) {
        maker.memory = 0;
        let after = maker.random.below(prompt.memories.len() + 1) as u64;
        let text = format!("fn {}() {{}}", maker.word());
        prompt.files.push(ViewedFile::new("src/lib.rs", 2, text).with_after(after));
    }
    Dialog { prompt, words: maker.words }
}

struct Maker {
    random: Random,
    words: Vec<Word>,
    memory: u64,
    part: usize,
    ids: usize,
    /// Ids of calls that were used.
    used: Vec<String>,
    made: Vec<Memory>,
}

impl Maker {
    fn word(&mut self) -> String {
        let text = format!("w{:06}q", self.words.len());
        let (memory, part, encoded) = (self.memory, self.part, String::new());
        self.words.push(Word { memory, part, text: text.clone(), encoded });
        text
    }

    fn id(&mut self) -> String {
        self.ids += 1;
        format!("id{}", self.ids)
    }

    /// The id of a call: its own, one that was used, or one that some APIs do not take.
    fn call_id(&mut self) -> String {
        let fresh = format!("call_{}", self.id());
        let id = match self.random.below(12) {
            0 if !self.used.is_empty() => self.random.pick(&self.used).clone(),
            1 => format!("odd {fresh}"),
            2 => format!("{fresh}_{}", "long".repeat(16)),
            _ => fresh,
        };
        self.used.push(id.clone());
        id
    }

    fn tools(&mut self) -> Vec<Tool> {
        if self.random.chance(1, 4) {
            return Vec::new();
        }
        let mut tools = Vec::new();
        for name in ["run", "read.file", "sh"] {
            let what = format!("Runs {}.", self.word());
            let schema = format!(
                r#"{{"type":"object","properties":{{"path":{{"type":"string","description":"{}"}}}}}}"#,
                self.word()
            );
            tools.push(Tool::new(name, what, Json::parse(schema).expect("it is JSON")));
        }
        while self.random.chance(1, 2) {
            let declared = *self.random.pick(TOOLS);
            let declared = format!("[{}]", self.filled(declared));
            let list = Json::parse(declared).expect("it is JSON");
            tools.extend(Tool::parse_list(&list).expect("the declaration is sound"));
        }
        tools
    }

    /// Fills a template in.
    fn filled(&mut self, template: &str) -> String {
        let id = self.id();
        self.filled_with(template, &id)
    }

    fn filled_with(&mut self, template: &str, id: &str) -> String {
        let mut filled = String::new();
        for piece in template.replace("ID", id).split_inclusive('W') {
            match piece.strip_suffix('W') {
                Some(before) => {
                    filled.push_str(before);
                    filled.push_str(&self.word());
                }
                None => filled.push_str(piece),
            }
        }
        filled
    }

    fn begin(&mut self) {
        self.memory = self.made.len() as u64 + 1;
    }

    fn say(&mut self, role: Role, parts: Vec<Part>) {
        let origin = *self.random.pick(&ORIGINS);
        self.say_as(origin, role, parts);
    }

    fn say_as(&mut self, origin: &str, role: Role, parts: Vec<Part>) {
        let memory = Memory { parts, origin: origin.to_owned(), ..Memory::message(role, "") };
        self.made.push(memory);
    }

    fn scene(&mut self) {
        self.begin();
        match self.random.below(24) {
            0..=5 => {
                let parts = self.list(1, 4, Maker::of_user);
                self.say(Role::User, parts);
            }
            6..=8 => {
                let parts = self.list(1, 4, Maker::of_model);
                self.say(Role::Assistant, parts);
            }
            9..=15 => self.exchange(),
            16 => {
                let parts = self.list(1, 2, Maker::text);
                self.say(Role::System, parts);
            }
            17 => {
                let kinds = [MemoryKind::Note, MemoryKind::Validation, MemoryKind::Summary];
                let kind = *self.random.pick(&kinds);
                let roles = [Role::User, Role::System, Role::Assistant];
                let role = *self.random.pick(&roles);
                let parts = self.list(1, 2, Maker::of_user);
                self.made.push(Memory { kind, parts, ..Memory::message(role, "") });
            }
            18 => {
                let parts = self.result("call_of_nobody", false);
                self.say(Role::Tool, parts);
            }
            19..=20 => self.opaque_exchange(),
            21 => self.named(),
            22 => {
                let blank = *self.random.pick(&["", " ", "\n\t "]);
                let mut parts = vec![Part::text(blank)];
                if self.random.chance(1, 2) {
                    parts.extend(self.text());
                }
                let role = *self.random.pick(&[Role::User, Role::Assistant, Role::System]);
                self.say(role, parts);
            }
            _ => self.misplaced(),
        }
    }

    /// Makes so many lists of parts, one behind the other.
    fn list(
        &mut self,
        low: usize,
        high: usize,
        make: impl Fn(&mut Self) -> Vec<Part>,
    ) -> Vec<Part> {
        let mut parts = Vec::new();
        for _ in 0..self.random.between(low, high) {
            parts.extend(make(self));
        }
        parts
    }

    fn text(&mut self) -> Vec<Part> {
        self.part += 1;
        let word = self.word();
        let text = match self.random.below(6) {
            0 => format!("{word}\nand \"{}\" \u{e9}\u{1f600} \n", self.word()),
            1 => format!("  {word}  "),
            _ => word,
        };
        vec![Part::text(text)]
    }

    fn medium(&mut self) -> Vec<Part> {
        self.part += 1;
        let (media_type, head) = *self.random.pick(&MEDIA);
        let mut bytes = head.to_vec();
        bytes.extend(self.word().bytes());
        if let Some(word) = self.words.last_mut() {
            word.encoded = base64(&bytes);
        }
        vec![Part::Media { media_type: media_type.to_owned(), content: Body::new(bytes) }]
    }

    fn opaque(&mut self, rows: &[Row]) -> Vec<Part> {
        let (provider, blocks) = *self.random.pick(rows);
        let id = self.id();
        let mut parts = Vec::new();
        for block in blocks {
            self.part += 1;
            parts.push(opaque(provider, &self.filled_with(block, &id)));
        }
        parts
    }

    /// Puts fields of some API before a part, or leaves it alone.
    fn with_fields(&mut self, target: Target, make: impl Fn(&mut Self) -> Vec<Part>) -> Vec<Part> {
        let mut parts = Vec::new();
        if self.random.chance(1, 4) {
            let fitting: Vec<_> = FIELDS.iter().filter(|(_, of, _)| *of == target).collect();
            let (provider, _, fields) = **self.random.pick(&fitting);
            // Those of a call or a result go with it.
            let is_apart = !matches!(target, Target::Call | Target::Result);
            self.part += usize::from(is_apart);
            parts.push(opaque(provider, &self.filled(fields)));
        }
        parts.extend(make(self));
        parts
    }

    fn thinking(&mut self) -> Vec<Part> {
        self.part += 1;
        let text = Body::new(self.word());
        let signature = if self.random.chance(1, 2) { self.word() } else { String::new() };
        vec![Part::Thinking { text, signature: Body::new(signature) }]
    }

    fn of_user(&mut self) -> Vec<Part> {
        match self.random.below(8) {
            0..=2 => self.text(),
            3..=4 => self.with_fields(Target::Media, Maker::medium),
            _ => self.opaque(OF_USERS),
        }
    }

    fn of_model(&mut self) -> Vec<Part> {
        match self.random.below(8) {
            0..=2 => self.with_fields(Target::Text, Maker::text),
            3 => self.with_fields(Target::Thinking, Maker::thinking),
            4 => self.with_fields(Target::Media, Maker::medium),
            5 => self.of_message(),
            _ => self.opaque(OF_MODELS),
        }
    }

    /// A message of OpenAI Responses with what its texts have in common.
    fn of_message(&mut self) -> Vec<Part> {
        let count = self.random.between(1, 3);
        let header = format!(
            r#"{{"type":"message","id":"msg_ID","status":"completed","phase":"commentary","parts":{count}}}"#
        );
        let mut parts = vec![opaque("openai-responses", &self.filled(&header))];
        for _ in 0..count {
            parts.extend(self.text());
        }
        parts
    }

    fn of_result(&mut self) -> Vec<Part> {
        match self.random.below(8) {
            0..=4 => self.text(),
            5 => self.medium(),
            6 => vec![Part::text("")],
            _ => self.opaque(OF_RESULTS),
        }
    }

    /// A result with its parts, which may be none.
    fn result(&mut self, call: &str, spare: bool) -> Vec<Part> {
        let mut body = self.list(usize::from(spare), 3, Maker::of_result);
        let error = self.random.chance(1, 6);
        let head = Part::Result { call: call.to_owned(), error, parts: body.len() as u64 };
        let mut parts = self.with_fields(Target::Result, |_| vec![head.clone()]);
        parts.append(&mut body);
        parts
    }

    fn call(&mut self, id: &str) -> Vec<Part> {
        let names = ["run", "read.file", "sh", "mcp::x/y", "9 lives"];
        let name = (*self.random.pick(&names)).to_owned();
        let word = self.word();
        let arguments = match self.random.below(8) {
            0 => word,
            1 => format!("[\"{word}\"]"),
            2 => format!("{{\"cut\": \"{word}"),
            _ => format!("{{\"path\": \"{word}\", \"n\": 1.50}}"),
        };
        vec![Part::Call { id: id.to_owned(), name, arguments: Body::new(arguments) }]
    }

    /// A model's turn with calls, and what came back of them.
    fn exchange(&mut self) {
        let mut parts = Vec::new();
        if self.random.chance(1, 2) {
            parts.extend(self.of_model());
        }
        let ids: Vec<String> = (0..self.random.between(1, 3)).map(|_| self.call_id()).collect();
        for id in &ids {
            self.part += 1;
            parts.extend(self.with_fields(Target::Call, |maker| maker.call(id)));
            if self.random.chance(1, 10) {
                parts.extend(self.text());
            }
        }
        self.say(Role::Assistant, parts);
        let mut waiting = ids;
        if self.random.chance(1, 3) {
            waiting.reverse();
        }
        waiting.retain(|_| !self.random.chance(1, 8));
        if self.random.chance(1, 10) {
            waiting.extend(waiting.first().cloned());
        }
        if self.random.chance(1, 10) {
            self.begin();
            let parts = self.of_user();
            self.say(Role::User, parts);
        }
        let together = self.random.chance(1, 4);
        let mut all = Vec::new();
        self.begin();
        for id in waiting {
            if !together {
                self.begin();
            }
            let parts = self.result(&id, false);
            match together {
                true => all.extend(parts),
                false => self.say(Role::Tool, parts),
            }
        }
        if !all.is_empty() {
            // As Anthropic's user says it: results first, then words.
            if self.random.chance(1, 2) {
                all.extend(self.text());
            }
            self.say(Role::Tool, all);
        }
    }

    fn opaque_exchange(&mut self) {
        let (provider, call, output) = *self.random.pick(CALLS);
        let id = self.call_id();
        self.part += 1;
        let call = opaque(provider, &self.filled_with(call, &id));
        let mut parts = if self.random.chance(1, 2) { self.of_model() } else { Vec::new() };
        parts.push(call);
        self.say(Role::Assistant, parts);
        if self.random.chance(1, 8) {
            return;
        }
        self.begin();
        self.part += 1;
        let output = opaque(provider, &self.filled_with(output, &id));
        let role = if self.random.chance(1, 6) { Role::User } else { Role::Tool };
        self.say(role, vec![output]);
    }

    /// A message of who has a name.
    fn named(&mut self) {
        let origin = if self.random.chance(3, 4) { "openai-chat:9" } else { "openhands:9" };
        let role = *self.random.pick(&[Role::User, Role::Assistant, Role::System]);
        let parts = self.list(1, 2, |maker| match role {
            Role::User => maker.of_user(),
            Role::Assistant => maker.of_model(),
            _ => maker.text(),
        });
        self.part += 1;
        let is_name = origin.starts_with("openai-chat");
        let name = match (is_name, self.random.chance(1, 4)) {
            (true, false) => self.word(),
            (true, true) => format!("{} the second", self.word()),
            (false, _) => "agent".to_owned(),
        };
        self.say_as(origin, role, parts);
        if let Some(memory) = self.made.last_mut() {
            memory.actor = name;
        }
    }

    /// Parts where no API has them.
    fn misplaced(&mut self) {
        let parts = self.list(1, 3, |maker| match maker.random.below(5) {
            0 => {
                let id = maker.call_id();
                maker.part += 1;
                maker.call(&id)
            }
            1 => maker.thinking(),
            2 => maker.opaque(OF_MODELS),
            3 => maker.opaque(OF_USERS),
            _ => maker.with_fields(Target::Text, Maker::medium),
        });
        let role = *self.random.pick(&[Role::User, Role::System, Role::Tool, Role::Assistant]);
        self.say(role, parts);
    }
}

fn opaque(provider: &str, block: &str) -> Part {
    Part::Opaque { provider: provider.to_owned(), content: Body::new(block) }
}

/// Encodes bytes in the standard alphabet.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let word = three.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - three.len()));
        for at in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}
