//! Both binaries together, judged by things we did not write.
