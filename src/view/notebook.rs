//! Display in Jupyter notebooks, by the conventions of evcxr.

use super::listing::Listing;
use super::markup::escape;
use std::fmt::Write;

impl Listing {
    /// What evcxr calls to display a value in a Jupyter notebook: prints the table as HTML, of the first 1,000 nodes.
    pub fn evcxr_display(&self) {
        show("text/html", &self.html());
    }

    fn html(&self) -> String {
        const MOST: usize = 1_000;
        let mut html =
            String::from("<table><tr><th>#</th><th>node</th><th>value</th><th>adjoint</th></tr>\n");
        for (node, expression) in self.nodes.iter().zip(self.expressions()).take(MOST) {
            let adjoint = node.adjoint.map_or(String::new(), |adjoint| adjoint.to_string());
            let (index, value) = (node.index, node.value);
            let expression = escape(&expression);
            let _ = writeln!(
                html,
                "<tr><td>{index}</td><td>{expression}</td><td>{value}</td><td>{adjoint}</td></tr>"
            );
        }
        html.push_str("</table>");
        if self.nodes.len() > MOST {
            let _ = write!(html, "<p>… {} further nodes</p>", self.nodes.len() - MOST);
        }
        html
    }
}

/// Prints a content of this type for the notebook. No line of the content may be the end that evcxr looks for.
pub(crate) fn show(kind: &str, content: &str) {
    println!("EVCXR_BEGIN_CONTENT {kind}\n{content}\nEVCXR_END_CONTENT");
}
