//! Scalars of a FlatBuffers table whose bytes nobody has checked: `None` where it is not one.

pub struct Table<'a> {
    payload: &'a [u8],
    table: usize,
    vtable: usize,
    vtable_bytes: usize,
    table_bytes: usize,
}

fn read<const N: usize>(payload: &[u8], at: usize) -> Option<[u8; N]> {
    payload.get(at..at.checked_add(N)?)?.try_into().ok()
}

impl<'a> Table<'a> {
    /// The root table.
    pub fn open(payload: &'a [u8]) -> Option<Table<'a>> {
        let table = u32::from_le_bytes(read(payload, 0)?) as usize;
        let back = i32::from_le_bytes(read(payload, table)?) as i64;
        let vtable = usize::try_from(table as i64 - back).ok()?;
        let vtable_bytes = u16::from_le_bytes(read(payload, vtable)?) as usize;
        let table_bytes = u16::from_le_bytes(read(payload, vtable.checked_add(2)?)?) as usize;
        let fits = vtable_bytes >= 4
            && vtable_bytes % 2 == 0
            && vtable_bytes <= payload.len() - vtable
            && table_bytes >= 4
            && table_bytes <= payload.len() - table;
        fits.then_some(Table { payload, table, vtable, vtable_bytes, table_bytes })
    }

    /// The bytes of the field with this number, from 0 in the schema's order; all zero for one that was left out.
    pub fn scalar<const N: usize>(&self, field: usize) -> Option<[u8; N]> {
        let entry = 4 + 2 * field;
        if entry + 2 > self.vtable_bytes {
            return Some([0; N]); // written with an older schema
        }
        let at = u16::from_le_bytes(read(self.payload, self.vtable + entry)?) as usize;
        if at == 0 {
            return Some([0; N]);
        }
        if at < 4 || at + N > self.table_bytes {
            return None;
        }
        read(self.payload, self.table + at)
    }
}
