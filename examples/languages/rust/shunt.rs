//! shunt/plugin.h in Rust, member for member. What each does is written there.
#![allow(dead_code)] // this plugin needs a part of it

use std::ffi::{c_char, c_int, c_void};

pub const ABI: u32 = 1;
pub const OK: c_int = -1;

/// Values of shunt::ErrorCode.
pub const BAD_INPUT: c_int = 1;
pub const BAD_PAYLOAD: c_int = 6;
pub const UNDECLARED: c_int = 10;
pub const PLUGIN_FAILED: c_int = 60;

/// The launcher's; opaque.
#[repr(C)]
pub struct Runtime {
    _private: [u8; 0],
}

#[repr(C)]
pub struct Sample {
    pub data: *mut u8,
    pub capacity: usize,
    pub handle: u64,
}

#[repr(C)]
pub struct Message {
    pub index: u32,
    pub flags: u32,
    pub token: u64,
    pub deadline_ns: i64,
    pub payload: *const u8,
    pub payload_bytes: usize,
}

#[repr(C)]
pub struct Answer {
    pub payload: *const u8,
    pub payload_bytes: usize,
    pub handle: u64,
}

#[repr(C)]
pub struct Setting {
    pub key: *const c_char,
    pub value: *const c_char,
}

#[repr(C)]
pub struct Services {
    pub size: u32,
    pub loan: extern "C" fn(*mut Runtime, usize, *mut Sample) -> c_int,
    pub give_back: extern "C" fn(*mut Runtime, *mut Sample),
    pub reply: extern "C" fn(*mut Runtime, *const Message, *mut Sample, usize, usize) -> c_int,
    pub publish: extern "C" fn(*mut Runtime, u32, *mut Sample, usize, usize) -> c_int,
    pub call: extern "C" fn(*mut Runtime, *const Message, u32, *mut Sample, usize, usize, i64, *mut Answer) -> c_int,
    pub release: extern "C" fn(*mut Runtime, *mut Answer),
    pub fail: extern "C" fn(*mut Runtime, *const Message, c_int, *const c_char, usize) -> c_int,
    pub now_ns: extern "C" fn(*mut Runtime) -> i64,
    pub cancelled: extern "C" fn(*mut Runtime, *const Message) -> c_int,
    pub log: extern "C" fn(*mut Runtime, c_int, *const c_char, usize),
    pub last_error: extern "C" fn(*mut Runtime) -> *const c_char,
    pub describe_exception: extern "C" fn(*mut Runtime, *const c_char) -> *const c_char,
}

type Phase = extern "C" fn(*mut c_void, *mut c_char, usize) -> c_int;

#[repr(C)]
pub struct Plugin {
    pub abi: u32,
    pub size: u32,
    pub create: extern "C" fn(*mut Runtime, *const Services) -> *mut c_void,
    pub destroy: extern "C" fn(*mut c_void),
    pub init: extern "C" fn(*mut c_void, *const Setting, usize, *mut c_char, usize) -> c_int,
    pub validate: Phase,
    pub activate: Phase,
    pub cleanup: extern "C" fn(*mut c_void),
    pub health: Option<extern "C" fn(*const c_void) -> c_int>,
    pub handle: extern "C" fn(*mut c_void, *const Message),
    pub receive: extern "C" fn(*mut c_void, *const Message),
}

impl Message {
    /// The payload, which nobody has checked, for as long as the handler runs.
    pub fn payload(&self) -> &[u8] {
        if self.payload_bytes == 0 {
            return &[];
        }
        // The launcher promises that these bytes are there and do not change.
        unsafe { std::slice::from_raw_parts(self.payload, self.payload_bytes) }
    }
}
