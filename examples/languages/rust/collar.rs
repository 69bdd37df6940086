//! Lets orders through up to a quantity: a plugin in Rust, straight on the C ABI, compiled by rustc alone.

mod flat;
mod shunt;

use shunt::{Message, Plugin, Runtime, Sample, Services, Setting};
use std::ffi::{c_char, c_int, c_void, CStr};
use std::panic::{catch_unwind, AssertUnwindSafe};

// Places in the manifest, which numbers functions and topics by their names.
const JUDGE: u32 = 0;
const ORDERS: u32 = 0;
const VERDICTS: u32 = 0;

const LANGUAGE_RUST: u8 = 2; // collar.Language

struct Collar {
    runtime: *mut Runtime,
    services: *const Services,
    quantity_max: i64,
}

/// A collar.Verdict as a FlatBuffer, field by field where a builder would have put it.
#[repr(C, align(8))]
#[allow(dead_code)] // it is read as bytes
struct Verdict {
    root: u32,         // where the table starts
    vtable_bytes: u16, // from here on, the list of the places within the table ...
    table_bytes: u16,
    allowed_at: u16,
    quantity_at: u16,
    made_by_at: u16, // ... to here
    padding: u16,
    vtable_back: i32, // the table: first, how far before it that list starts
    allowed: u8,
    made_by: u8,
    more_padding: u16,
    quantity: i64,
}

const _: () = assert!(std::mem::size_of::<Verdict>() == 32);

impl Verdict {
    fn of(quantity: i64) -> Verdict {
        Verdict {
            root: 16,
            vtable_bytes: 10,
            table_bytes: 16,
            allowed_at: 4,
            quantity_at: 8,
            made_by_at: 5,
            padding: 0,
            vtable_back: 12,
            allowed: u8::from(quantity != 0),
            made_by: LANGUAGE_RUST,
            more_padding: 0,
            quantity,
        }
    }

    /// Memory of our own: the services copy it into the message.
    fn sample(&mut self) -> Sample {
        Sample { data: (self as *mut Verdict).cast(), capacity: std::mem::size_of::<Verdict>(), handle: 0 }
    }
}

type Refusal = (c_int, &'static str);

impl Collar {
    fn services(&self) -> &Services {
        unsafe { &*self.services } // the launcher's, for longer than the plugin lives
    }

    fn judge(&self, payload: &[u8]) -> Result<Verdict, Refusal> {
        let order = || {
            let table = flat::Table::open(payload)?;
            Some((i64::from_le_bytes(table.scalar(0)?), f64::from_le_bytes(table.scalar(1)?)))
        };
        let (quantity, price) =
            order().ok_or((shunt::BAD_PAYLOAD, "this is not a collar.Order; build the sender from the same schema"))?;
        if !(price > 0.0) {
            return Err((shunt::BAD_INPUT, "a price must be above 0"));
        }
        Ok(Verdict::of(quantity.clamp(-self.quantity_max, self.quantity_max)))
    }

    fn fail(&self, message: &Message, code: c_int, text: &str) {
        (self.services().fail)(self.runtime, message, code, text.as_ptr().cast(), text.len());
    }

    /// A panic must not unwind into C: it becomes the answer.
    fn guarded(&self, message: &Message, handler: impl FnOnce() -> Result<(), Refusal>) {
        match catch_unwind(AssertUnwindSafe(handler)) {
            Ok(Ok(())) => {}
            Ok(Err((code, text))) => self.fail(message, code, text),
            Err(_) => self.fail(message, shunt::PLUGIN_FAILED, "the handler panicked"),
        }
    }

    /// What a service returned, with the launcher's text.
    fn sent(&self, message: &Message, code: c_int) -> Result<(), Refusal> {
        if code != shunt::OK {
            let text = unsafe { CStr::from_ptr((self.services().last_error)(self.runtime)) };
            self.fail(message, code, &text.to_string_lossy());
        }
        Ok(())
    }
}

extern "C" fn create(runtime: *mut Runtime, services: *const Services) -> *mut c_void {
    // A launcher that is older than shunt.rs has fewer services.
    if unsafe { (*services).size } < std::mem::size_of::<Services>() as u32 {
        return std::ptr::null_mut();
    }
    Box::into_raw(Box::new(Collar { runtime, services, quantity_max: 0 })).cast()
}

extern "C" fn destroy(this: *mut c_void) {
    drop(unsafe { Box::from_raw(this.cast::<Collar>()) });
}

/// The host has checked the values against plugin.toml, and added the defaults.
extern "C" fn init(this: *mut c_void, settings: *const Setting, count: usize, text: *mut c_char, room: usize) -> c_int {
    let collar = unsafe { &mut *this.cast::<Collar>() };
    for i in 0..count {
        let setting = unsafe { &*settings.add(i) };
        let (key, value) = unsafe { (CStr::from_ptr(setting.key), CStr::from_ptr(setting.value)) };
        if key.to_bytes() == b"quantity-max" {
            collar.quantity_max = value.to_str().ok().and_then(|digits| digits.parse().ok()).unwrap_or(0);
        }
    }
    if collar.quantity_max > 0 {
        return shunt::OK;
    }
    let why = b"quantity-max must be above 0\0";
    let bytes = why.len().min(room);
    unsafe { std::ptr::copy_nonoverlapping(why.as_ptr(), text.cast(), bytes) };
    shunt::BAD_INPUT
}

extern "C" fn succeed(_this: *mut c_void, _text: *mut c_char, _room: usize) -> c_int {
    shunt::OK
}

extern "C" fn cleanup(_this: *mut c_void) {}

extern "C" fn handle(this: *mut c_void, message: *const Message) {
    let (collar, message) = unsafe { (&*this.cast::<Collar>(), &*message) };
    collar.guarded(message, || {
        if message.index != JUDGE {
            return Err((shunt::UNDECLARED, "there is no such function; launcher and plugin disagree about the manifest"));
        }
        let mut verdict = collar.judge(message.payload())?;
        let mut sample = verdict.sample();
        let code = (collar.services().reply)(collar.runtime, message, &mut sample, 0, std::mem::size_of::<Verdict>());
        collar.sent(message, code)
    });
}

extern "C" fn receive(this: *mut c_void, message: *const Message) {
    let (collar, message) = unsafe { (&*this.cast::<Collar>(), &*message) };
    collar.guarded(message, || {
        if message.index != ORDERS {
            return Ok(());
        }
        let mut verdict = collar.judge(message.payload())?;
        let mut sample = verdict.sample();
        let code = (collar.services().publish)(collar.runtime, VERDICTS, &mut sample, 0, std::mem::size_of::<Verdict>());
        collar.sent(message, code)
    });
}

#[no_mangle]
#[allow(non_upper_case_globals)]
pub static shunt_plugin_descriptor: Plugin = Plugin {
    abi: shunt::ABI,
    size: std::mem::size_of::<Plugin>() as u32,
    create,
    destroy,
    init,
    validate: succeed,
    activate: succeed,
    cleanup,
    health: None,
    handle,
    receive,
};
